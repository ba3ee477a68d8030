"""Tidemark's loop: init -> write-audit-publish -> commit over Iceberg tables. It knows no domain."""
