"""All cases of the matrix, and the part of it that is played at every change."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.kill.cases import CATALOGS, RECOVERIES, Case
from tests.kill.points import POINTS


def whole() -> Iterator[Case]:
    """Every point in every world that passes it, on every catalog, with every recovery."""
    for point in POINTS:
        for world, catalog, recovery in product(point.worlds, CATALOGS, RECOVERIES):
            yield Case(point, world, catalog, recovery)


def part() -> Iterator[Case]:
    """Every point once. Point number n takes world, catalog and recovery by n, each at its own pace.

    The recovery changes at every point, the catalog at every third, the world at every sixth: twelve points in
    a row meet all combinations.
    """
    for number, point in enumerate(POINTS):
        world = point.worlds[number // 6 % len(point.worlds)]
        yield Case(point, world, CATALOGS[number // 3 % 2], RECOVERIES[number % 3])
