"""No leaks: events and arrivals after 00:00 of a day change no features or curves of that day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.behaviour.world import EVER, World, day

CUT = day(24)
FROM_BEHAVIOUR = ("position_propensities", "query_item_features")
Row = dict[str, Any]


@pytest.mark.spark
@pytest.mark.parametrize("name", FROM_BEHAVIOUR)
def test_what_lies_after_the_cut_changes_nothing(world: World, name: str) -> None:
    changed = {
        "interactions": _changed(world.tables["interactions"], lambda row: row["shown_at"] >= CUT[0], _all_bought),
        "catalog_items": _changed(world.tables["catalog_items"], lambda row: row["valid_from"] >= CUT[0], _retitled),
        "feature_log": _changed(world.tables["feature_log"], lambda row: row["logged_at"] >= CUT[0], _relogged),
    }
    assert world.rows(name, _rebuilt(world, name, changed), (CUT,)) == _full(world, name)


@pytest.mark.spark
@pytest.mark.parametrize("name", FROM_BEHAVIOUR)
def test_what_arrived_after_the_cut_changes_nothing(world: World, name: str) -> None:
    """Removing the impressions and outcomes that were not yet known does not change the day."""
    unknown = {"interactions": pa.Table.from_pylist(
        [_as_known(row) for row in world.tables["interactions"].to_pylist() if row["impression_known_at"] < CUT[0]],
        world.tables["interactions"].schema,
    )}  # fmt: skip
    arrived_late = world.tables["interactions"].num_rows - unknown["interactions"].num_rows
    assert arrived_late > 0
    assert world.rows(name, _rebuilt(world, name, unknown), (CUT,)) == _full(world, name)


@pytest.mark.spark
def test_the_same_click_known_in_time_does_change_features(world: World) -> None:
    """The counter-test: if arrival were ignored, or the tests above could not fail, this result would not differ."""
    early = {"interactions": _changed(
        world.tables["interactions"], lambda row: row["shown_at"] < CUT[0] and row["clicks"] > 0, _known_at_once
    )}  # fmt: skip
    found = world.rows("query_item_features", _rebuilt(world, "query_item_features", early), (CUT,))
    assert found != _full(world, "query_item_features")


def _rebuilt(world: World, name: str, changed: dict[str, pa.Table]) -> pa.Table:
    """Return the day of a dataset as built from changed tables, from the interactions on."""
    known = dict(changed)
    for earlier in ("automated_clients", "query_item_counts"):
        known[earlier] = world.run(earlier, EVER, known)
    return world.run(name, (CUT,), known)


def _full(world: World, name: str) -> list[str]:
    return world.rows(name, world.tables[name], (CUT,))


def _changed(table: pa.Table, where: Callable[[Row], bool], change: Callable[[Row], Row]) -> pa.Table:
    rows = table.to_pylist()
    assert any(where(row) for row in rows), "there is something to change"
    return pa.Table.from_pylist([change(row) if where(row) else row for row in rows], table.schema)


def _all_bought(row: Row) -> Row:
    at = row["shown_at"] + timedelta(seconds=1)
    known = ("click_known_at", "long_click_known_at", "cart_known_at", "purchase_known_at", "impression_known_at")
    counts = dict.fromkeys(("clicks", "long_clicks", "carts", "purchases"), 1)
    return {**row, **dict.fromkeys(known, at), **counts, "position": 1, "query": "word0 shoes"}


def _as_known(row: Row) -> Row:
    def hidden(known: datetime | None) -> datetime | None:
        return None if known is None or known >= CUT[0] else known

    names = ("click_known_at", "long_click_known_at", "cart_known_at", "purchase_known_at")
    return {**row, **{name: hidden(row[name]) for name in names}}


def _known_at_once(row: Row) -> Row:
    return {**row, "click_known_at": row["shown_at"], "impression_known_at": row["shown_at"]}


def _retitled(row: Row) -> Row:
    return {**row, "attributes": '{"title": "another", "price": 1}'}


def _relogged(row: Row) -> Row:
    return {**row, "features": [("bm25", 99.0)]}
