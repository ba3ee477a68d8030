"""A day of logs that is handed in again in another file counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from tests.cases.case import Case, Row, as_instant, run
from tests.cases.test_cases import HERE, settings, specs
from tidemark.settings import Settings
from tidemark.spec import DatasetSpec

__all__ = ["settings", "specs"]  # fixtures

LANDED = ("requests", "actions")


def replayed(row: Row) -> Row:
    """Return the record as a second file holds it: the same id, another file, landed a day later."""
    return {**row, "file_id": "replayed", "arrived_at": as_instant(row["arrived_at"]) + timedelta(days=1)}


@pytest.mark.spark
@pytest.mark.parametrize("name", ["impressions/order_and_places", "interactions/late_purchase"])
def test_s26_a_day_replayed_in_another_file_counts_once(
    name: str, specs: dict[str, DatasetSpec], settings: Settings, spark: SparkSession
) -> None:
    case = Case.read(HERE / f"{name}.yaml")
    dataset = next(spec for spec in specs.values() if spec.name == name.split("/")[0])
    given = {
        key: [*rows, *(replayed(row) for row in rows)] if key in LANDED else rows for key, rows in case.given.items()
    }

    once = run(case, dataset, specs, settings.values, spark)
    twice = run(replace(case, given=given), dataset, specs, settings.values, spark)

    assert once and sorted(map(repr, once)) == sorted(map(repr, twice))
