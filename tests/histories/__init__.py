"""Random histories: whatever happens to inputs, sessions and tables, an incremental table equals a full rebuild."""
