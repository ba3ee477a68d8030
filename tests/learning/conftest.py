"""Data frames with the columns that the specs declare."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def spec(name: str) -> dict[str, Any]:
    """Read a spec file as plain YAML."""
    return yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text())


def struct(name: str) -> str:
    """Return the columns of a dataset as a Spark schema string."""
    columns = spec(name)["columns"].items()
    kinds = ((column, about["type"].replace("long", "bigint").replace("list<", "array<")) for column, about in columns)
    return ", ".join(f"`{column}` {kind}" for column, kind in kinds)


Frames = Callable[[str, Sequence[Mapping[str, Any]]], DataFrame]


@pytest.fixture
def frame(spark: SparkSession) -> Frames:
    """`frame(dataset, rows)` makes a data frame with the columns of a dataset. Columns that a row omits are null."""

    def make(name: str, rows: Sequence[Mapping[str, Any]]) -> DataFrame:
        ddl = struct(name)
        columns = [part.strip().split(" ")[0].strip("`") for part in ddl.split(", ")]
        return spark.createDataFrame([tuple(row.get(column) for column in columns) for row in rows], ddl)

    return make
