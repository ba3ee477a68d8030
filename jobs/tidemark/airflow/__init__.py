"""Tidemark on Airflow: task groups, pools and steps. Nothing heavy is imported before a task runs."""
