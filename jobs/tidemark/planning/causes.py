"""Say of each range that a usual session rebuilds why: which input changed there, or that it was owed or is new."""

from __future__ import annotations

from collections.abc import Iterator

from tidemark.planning.draft import rebuilds_all
from tidemark.planning.situation import InputState, Situation
from tidemark.planning.windows import read_inputs, to_partitions, touches
from tidemark.state.ranges import Interval, Ranges, describe, intersect, to_minutes
from tidemark.support.text import count

SHOWN = 10
"""The most ranges that are explained one by one."""


def causes(situation: Situation, ranges: Ranges, fresh: Ranges) -> tuple[str, ...]:
    """Return a note on each cause of each rebuilt range. `fresh` are the times that became newly complete.

    A session that rebuilds everything, such as a first one, has one cause, which another note names.
    """
    if situation.target.watermark is None or situation.resync or rebuilds_all(situation):
        return ()
    shown = ranges[:SHOWN]
    notes = [f"{interval} because of {cause}" for interval in shown for cause in _of(situation, interval, fresh)]
    hidden = len(ranges) - SHOWN
    return (*notes, f"and {count(hidden, 'more range')} in the same way") if hidden > 0 else tuple(notes)


def _of(situation: Situation, interval: Interval, fresh: Ranges) -> Iterator[str]:
    watermark = situation.target.watermark
    for state in read_inputs(situation):
        yield from _of_input(situation, state, interval)
    if watermark is not None and intersect(watermark.owed, (interval,)):
        yield "what was owed"
    if intersect(fresh, (interval,)):
        yield "hours that are newly complete"


def _of_input(situation: Situation, state: InputState, interval: Interval) -> Iterator[str]:
    files = [
        file
        for file in state.changes.files
        if intersect(to_partitions(situation.spec, touches(state.spec, (file.span,))), (interval,))
    ]
    name = state.spec.name
    if files:
        span = Interval(min(file.span.start for file in files), max(file.span.end for file in files))
        rows = count(sum(file.rows for file in files), "changed row")
        yield f"{rows} of {name} in {describe(to_minutes((span,)))}"
    if state.changes.timeless_rows:
        yield f"{count(state.changes.timeless_rows, 'changed row')} of {name} without a time"
