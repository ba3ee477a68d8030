"""The only code that starts and calls Spark: a home's Connect server, sessions on it, DataFrames of Iceberg tables."""
