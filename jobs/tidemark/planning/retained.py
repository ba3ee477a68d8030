"""Which target times can still be rebuilt from the inputs, and the notes on those that cannot."""

from __future__ import annotations

from datetime import timedelta

from tidemark.planning.situation import Situation
from tidemark.planning.windows import partition_unit, to_partitions
from tidemark.state.ranges import Ranges, before, ceil, describe, from_on, subtract


def retained(situation: Situation) -> Ranges:
    """Return the target times for which the inputs still hold everything; all of time if retention dropped nothing."""
    starts = [
        state.held_from + (state.spec.before or timedelta(0)) for state in situation.inputs.values() if state.held_from
    ]
    if not starts:
        return before(None)
    return from_on(ceil(max(starts), partition_unit(situation.spec)))


def not_rebuilt_note(situation: Situation, touched: Ranges) -> tuple[str, ...]:
    """Return a note on the touched times that lie below what the inputs keep and so cannot be rebuilt."""
    lost = subtract(to_partitions(situation.spec, touched), retained(situation))
    if not lost:
        return ()
    return (
        f"below what its inputs keep: input rows that affect {describe(lost)} changed, but that range cannot be "
        f"rebuilt; what is published there stays as it is",
    )


def no_longer_note(status: str, ranges: Ranges) -> str:
    """Return a note that ranges which were `owed` or `overdue` will not be rebuilt any more."""
    stays = "because its inputs no longer keep it; what is published there stays as it is"
    older = ", even if an older logic built it" if status == "owed" else ""
    return f"no longer {status}: {describe(ranges)}, {stays}{older}"
