"""Split a large catch-up over several sessions: choose the first piece, and say through when it builds the target."""

from __future__ import annotations

from datetime import datetime

from tidemark.planning.draft import rebuilds_all
from tidemark.planning.retained import retained
from tidemark.planning.situation import Situation
from tidemark.planning.windows import partition_unit
from tidemark.state.ranges import BEGINNING, Interval, Ranges, first, intersect, union


def first_piece(situation: Situation, wanted: Ranges, limit: datetime | None) -> Ranges:
    """Return what one session may rebuild: the first `max_range` of time in `wanted`, in whole partitions.

    Three cases are rebuilt in one piece: a resync, which replaces the whole table at once; a target without a limit,
    whose end is unknown; and ranges that reach back to the beginning of time, because the input has lost all its rows
    and there is nothing to compute.
    """
    bound = situation.spec.max_range
    no_beginning = bool(wanted) and wanted[0].start == BEGINNING
    if bound is None or limit is None or situation.resync or no_beginning:
        return _from_the_beginning(situation, wanted)
    return _from_the_beginning(situation, first(wanted, bound, partition_unit(situation.spec)))


def _from_the_beginning(situation: Situation, ranges: Ranges) -> Ranges:
    """Extend a rebuild by a changed logic to the beginning of time.

    The older logic may have left rows before the first rows of the new one; they are replaced as well.
    """
    if not ranges or not rebuilds_all(situation):
        return ranges
    return intersect(union((Interval(BEGINNING, ranges[0].end),), ranges), retained(situation))


def built_through(previous: datetime | None, owed: Ranges, limit: datetime | None) -> datetime | None:
    """Return the instant through which the target is complete after this session.

    That is `limit`, unless an owed range lies after `previous`: then the target is complete up to the first such range.
    """
    for interval in owed:
        if previous is None or interval.end > previous:
            return interval.start if previous is None else max(interval.start, previous)
    return limit
