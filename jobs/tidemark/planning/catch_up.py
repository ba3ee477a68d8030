"""A large catch-up in several sessions: the first piece of what is wanted, and through when that builds the target."""

from __future__ import annotations

from datetime import datetime

from tidemark.planning.draft import rebuilds
from tidemark.planning.retained import retained
from tidemark.planning.situation import Situation
from tidemark.planning.windows import partition_unit
from tidemark.state.ranges import BEGINNING, Interval, Ranges, first, intersect, union


def first_piece(situation: Situation, wanted: Ranges, limit: datetime | None) -> Ranges:
    """As much as one session may rebuild: the first `max_range` of time, in whole partitions.

    Three cases are rebuilt in one piece: a resync, which replaces the whole table at once; a target that no input
    bounds, whose end is unknown; and one whose input has lost all its rows, so that there is nothing to compute.
    """
    bound = situation.spec.max_range
    no_beginning = bool(wanted) and wanted[0].start == BEGINNING
    if bound is None or limit is None or situation.resync or no_beginning:
        return _from_the_beginning(situation, wanted)
    return _from_the_beginning(situation, first(wanted, bound, partition_unit(situation.spec)))


def _from_the_beginning(situation: Situation, ranges: Ranges) -> Ranges:
    """An older logic may have left rows before the first that the new one gives: they are replaced too."""
    if not ranges or not rebuilds(situation):
        return ranges
    return intersect(union((Interval(BEGINNING, ranges[0].end),), ranges), retained(situation))


def built_through(previous: datetime | None, owed: Ranges, limit: datetime | None) -> datetime | None:
    """Through when the target is built once the first piece is in: up to the first owed range that is new."""
    for interval in owed:
        if previous is None or interval.end > previous:
            return interval.start if previous is None else max(interval.start, previous)
    return limit
