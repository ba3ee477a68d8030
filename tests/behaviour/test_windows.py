"""Incremental equals full: ranges built from their declared windows equal the same ranges of the full build."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from tests.behaviour.world import BUILT, World, day

RANGES = (day(3), day(17), day(30))


@pytest.mark.spark
@pytest.mark.parametrize("name", BUILT)
def test_declared_windows_suffice_in_any_order_of_rows(world: World, name: str) -> None:
    inputs = {each.dataset.split(".")[1] for each in world.specs[name].inputs.values()}
    shuffled = {source: _shuffled(world.tables[source]) for source in inputs}
    part = world.rows(name, world.run(name, RANGES, shuffled, within_windows=True), RANGES)
    full = world.rows(name, world.tables[name], RANGES)
    assert full, "the world has rows here"
    assert part == full


@pytest.mark.spark
@pytest.mark.parametrize("name", BUILT)
def test_the_grain_is_unique(world: World, name: str) -> None:
    keys = [tuple(row.values()) for row in world.tables[name].select(list(world.specs[name].grain)).to_pylist()]
    assert len(keys) == len(set(keys)) > 0


def _shuffled(table: pa.Table) -> pa.Table:
    order = list(range(table.num_rows))
    random.Random(5).shuffle(order)
    return table.take(order)
