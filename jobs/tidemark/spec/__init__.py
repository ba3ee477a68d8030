"""The spec language: one YAML file a dataset, read into frozen data, rendered to Iceberg, Spark and checks.

    model.py      what comes out, as frozen data
    parse/        from YAML to the model: values that know file and line, a reader for each block, load.py
    verify/       what must hold inside a spec, between specs, and of the code that a spec names
    render/       Iceberg, Spark, words for people; each imports its own library
    fingerprint.py, former_names.py, modules.py    the hash of what rows follow from

docs/spec-language.md is the reference for people who write specs.
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
