"""From the bytes of a file to its records, format by format."""
