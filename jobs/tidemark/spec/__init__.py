"""The spec language: one YAML file a dataset, read into frozen data, rendered to Iceberg, Spark and checks.

    document.py   YAML as values that know file and line
    values.py     reading single values; columns, inputs, checks, partitions, sources: reading blocks
    within.py     what must hold inside a spec          between.py   what must hold between specs
    load.py       all of it                             model.py     what comes out
    iceberg.py, spark.py, expectations.py               the renderings, which import their own library

docs/spec-language.md is the reference for people who write specs.
"""

from tidemark.spec.durations import format_duration, parse_duration
from tidemark.spec.model import (
    Column,
    DatasetSpec,
    Expectation,
    InputSpec,
    LandingSpec,
    Mode,
    Partition,
    Severity,
)
from tidemark.spec.parse.load import load_spec, load_specs

__all__ = [
    "Column",
    "DatasetSpec",
    "Expectation",
    "InputSpec",
    "LandingSpec",
    "Mode",
    "Partition",
    "Severity",
    "format_duration",
    "load_spec",
    "load_specs",
    "parse_duration",
]
