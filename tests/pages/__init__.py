"""The pages inside Airflow: who sees them, what they show, and which files they serve."""
