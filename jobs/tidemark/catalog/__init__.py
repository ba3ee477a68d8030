"""The only door to the Iceberg catalog, and what the loop asks of table metadata."""

from tidemark.catalog.lake import Lake, open_lake

__all__ = ["Lake", "open_lake"]
