"""Conditions for a scan, made from many ranges of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

from tidemark.catalog.filters import any_of, in_ranges
from tidemark.state.ranges import Interval

START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
SCHEMA = pa.schema([pa.field("at", pa.timestamp("us", tz="UTC"))])


@pytest.fixture
def table(tmp_path: Path) -> Table:
    catalog = SqlCatalog("lake", uri=f"sqlite:///{tmp_path / 'catalog.db'}", warehouse=tmp_path.as_uri())
    catalog.create_namespace("made")
    found = catalog.create_table("made.days", schema=SCHEMA)
    found.append(pa.table({"at": [START + n * DAY for n in range(1700)]}, schema=SCHEMA))
    return found


def test_hundreds_of_ranges_make_no_deep_condition(table: Table) -> None:
    every_other = tuple(Interval(START + 2 * n * DAY, START + (2 * n + 1) * DAY) for n in range(800))

    found = table.scan(row_filter=in_ranges(table, "at", every_other)).to_arrow()

    days = [(at - START) // DAY for at in found["at"].to_pylist() if at is not None]
    assert days == list(range(0, 1600, 2))


def test_no_condition_holds_for_no_row(table: Table) -> None:
    assert table.scan(row_filter=any_of([])).count() == 0
