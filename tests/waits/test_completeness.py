"""What a table's metadata promises, and when it promises nothing."""

from __future__ import annotations

import pytest

from tests.waits.tables import SHOWN, Tables, hour
from tidemark.catalog import open_lake
from tidemark.operate.completeness import Completeness, read_completeness


@pytest.mark.parametrize(("wanted", "reached"), [(1, True), (2, True), (2.5, False), (3, False)])
def test_a_table_reaches_every_instant_up_to_its_completeness(tables: Tables, wanted: float, reached: bool) -> None:
    tables.publish(2)
    assert read_completeness(tables.settings, SHOWN).reaches(hour(wanted)) is reached


def test_final_is_asked_for_separately(tables: Tables) -> None:
    tables.publish(2, final=1)
    found = read_completeness(tables.settings, SHOWN, final=True)
    assert found.describe() == "search.interactions is final through 2026-04-12T01:00Z"
    assert not found.reaches(hour(2))


def test_a_table_that_no_source_limits_is_complete() -> None:
    found = Completeness(SHOWN, final=False)
    assert found.reaches(hour(2))
    assert found.describe() == "search.interactions is complete: no source limits it"


def test_without_a_lake_nothing_is_complete_and_none_is_made(tables: Tables) -> None:
    found = read_completeness(tables.settings, SHOWN)
    assert not found.reaches(hour(2))
    assert "there is no lake in" in found.describe()
    assert not tables.settings.lake.exists()


def test_a_table_that_no_session_has_published_is_not_complete(tables: Tables) -> None:
    tables.publish(2, dataset="search.impressions")
    found = read_completeness(tables.settings, SHOWN)
    assert found.describe() == "search.interactions is not complete: nothing is published yet"
    open_lake(tables.settings).ensure_table(tables.specs[SHOWN])
    assert read_completeness(tables.settings, SHOWN) == found


def test_a_catalog_that_cannot_be_read_is_a_problem_and_no_error(tables: Tables) -> None:
    tables.settings.lake.mkdir(parents=True)
    (tables.settings.lake / "catalog.db").write_text("no database " * 100)
    found = read_completeness(tables.settings, SHOWN)
    assert not found.reaches(hour(2))
    assert found.describe() == (
        "search.interactions is not complete: it cannot be read (search.interactions: the catalog does not answer: "
        "file is not a database)"
    )


def test_a_table_that_was_rolled_back_promises_nothing(tables: Tables) -> None:
    table = tables.publish(1)
    first = table.current_snapshot()
    assert first is not None
    table.append(table.schema().as_arrow().empty_table())
    tables.publish(2)
    assert read_completeness(tables.settings, SHOWN).reaches(hour(2))
    table.refresh().manage_snapshots().rollback_to_snapshot(first.snapshot_id).commit()
    found = read_completeness(tables.settings, SHOWN)
    assert not found.reaches(hour(1))
    assert "main no longer holds snapshot" in found.describe()
