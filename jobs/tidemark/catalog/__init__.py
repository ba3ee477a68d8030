"""The only code that uses the Iceberg catalog, and functions that read table metadata for the loop."""

from tidemark.catalog.lake import Lake, open_lake

__all__ = ["Lake", "open_lake"]
