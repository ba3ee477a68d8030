"""A spec rendered for Iceberg, Spark and people. Each module imports the library that it renders for."""
