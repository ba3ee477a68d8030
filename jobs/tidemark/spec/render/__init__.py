"""Renderings of a spec for Iceberg, for Spark and as text. Each module imports only the library that it renders for."""
