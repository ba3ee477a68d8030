"""The only door to Spark: the Connect server of a home, sessions on it, and frames of Iceberg tables."""
