"""The spec language: one YAML file for each dataset, read into frozen data and rendered for Iceberg, Spark and audit.

    model.py      the parsed spec, as frozen data
    load.py       loads one spec or a folder of specs
    parse/        from YAML to the model: values that know file and line, and a reader for each block
    verify/       checks inside a spec, between specs, and of the code that a spec names
    render/       a spec as Iceberg schema, Spark schema or text; each module imports only the library that it needs
    fingerprint.py, former_names.py, modules.py    the hashes of logic and spec

docs/spec-language.md is the reference for authors of specs.
"""

from tidemark.spec.durations import format_duration, parse_duration
from tidemark.spec.model import (
    Column,
    DatasetSpec,
    Expectation,
    InputSpec,
    LandingSpec,
    Partition,
    Severity,
)

__all__ = [
    "Column",
    "DatasetSpec",
    "Expectation",
    "InputSpec",
    "LandingSpec",
    "Partition",
    "Severity",
    "format_duration",
    "parse_duration",
]
