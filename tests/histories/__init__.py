"""Random histories: whatever happens to inputs, sessions and tables, incremental equals full."""
