"""From a YAML file to a spec: values that know their file and line, then one reader for each block."""
