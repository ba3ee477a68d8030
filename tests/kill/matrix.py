"""All cases of the matrix, and the parts of it that `make test` runs."""

from __future__ import annotations

from itertools import product

from tests.kill.cases import CATALOGS, LATE, RECOVERIES, Case
from tests.kill.points import LOST, MID_WRITE, MODES, POINTS, PUBLISH, Point


def whole() -> list[Case]:
    """Return every point in every world that passes it, on every catalog, with every recovery, and the late commits."""
    points = [Case(point, *rest) for point in (*POINTS, *LOST) for rest in product(point.worlds, CATALOGS, RECOVERIES)]
    return points + [Case(MID_WRITE, *rest) for rest in product(MODES, CATALOGS, LATE)]


def deaths() -> list[Case]:
    """Return every point of death once.

    World, catalog and recovery depend on the case's number, and each changes at its own rate: the recovery at
    every case, the catalog at every third, the world at every sixth. So twelve cases in a row have all combinations.
    """
    return [_rotated(number, point) for number, point in enumerate(POINTS)]


def lost_answers() -> list[Case]:
    """Return, once each, the points at which the client does not know whether its publish succeeded."""
    lost = [point for point in LOST if point.inside == PUBLISH]
    return [_rotated(number, point) for number, point in enumerate(lost, 1)]


def late_commits() -> list[Case]:
    """Return every late commit once, with alternating modes and catalogs."""
    return [Case(MID_WRITE, MODES[n % 2], CATALOGS[(n + 1) // 2 % 2], recovery) for n, recovery in enumerate(LATE)]


def _rotated(number: int, point: Point) -> Case:
    world = point.worlds[number // 6 % len(point.worlds)]
    return Case(point, world, CATALOGS[number // 3 % 2], RECOVERIES[number % 3])
