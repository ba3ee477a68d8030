"""A transaction computes its metadata once after each change, and sees each change."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg import table as iceberg
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableUpdate, update_table_metadata

from tidemark.catalog.lake import Lake
from tidemark.settings import Settings
from tidemark.support.paths import to_location

ROWS = pa.table({"number": [1, 2]})


@pytest.fixture
def table(home: Path) -> Table:
    settings = Settings(home=home, schemas=home)
    settings.lake.mkdir()
    lake = Lake(settings)
    lake.ensure_namespace("some")
    lake.catalog.create_table("some.rows", ROWS.schema, f"{to_location(home)}/rows")
    return lake.table("some.rows")


def test_metadata_is_computed_once_after_each_change(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    def compute(base: TableMetadata, updates: tuple[TableUpdate, ...]) -> TableMetadata:
        computed.append(len(updates))
        return update_table_metadata(base, updates)

    monkeypatch.setattr(iceberg, "update_table_metadata", compute)

    table.append(ROWS)

    assert computed == sorted(set(computed)), "each number of changes is computed once"
    assert computed
    assert table.scan().count() == 2


def test_a_transaction_sees_what_it_staged_and_no_commit_of_another_one(table: Table) -> None:
    change = table.transaction()
    assert change.table_metadata.properties == {}
    change.set_properties(first="1")
    assert change.table_metadata.properties == {"first": "1"}
    with table.catalog.load_table("some.rows").transaction() as other:
        other.set_properties(second="2")
    assert change.table_metadata.properties == {"first": "1"}
    change.remove_properties("first")
    change.set_properties(third="3")
    assert change.table_metadata.properties == {"third": "3"}
    change.commit_transaction()
    assert table.catalog.load_table("some.rows").properties == {"second": "2", "third": "3"}


def test_a_repeated_commit_computes_on_the_newer_table(table: Table) -> None:
    """PyIceberg repeats an append whose table has changed, on the metadata of the newer table."""
    with table.transaction() as change:
        change.append(ROWS)
        table.catalog.load_table("some.rows").append(ROWS)
    assert table.catalog.load_table("some.rows").scan().count() == 4
