"""Where a row comes from: `tidemark explain`."""
