"""Parse a YAML file into a spec. Values know their file and line; each block of the spec has a reader."""
