"""Which of the target's time can still be rebuilt from its inputs, and what is said of the rest."""

from __future__ import annotations

from datetime import timedelta

from tidemark.planning.situation import Situation
from tidemark.planning.windows import partition_unit, to_partitions
from tidemark.state.ranges import Ranges, before, ceil, describe, from_on, subtract


def retained(situation: Situation) -> Ranges:
    """The target times whose inputs retention has left whole: all of time where nothing was dropped."""
    least = [
        state.held_from + (state.spec.before or timedelta(0)) for state in situation.inputs.values() if state.held_from
    ]
    if not least:
        return before(None)
    return from_on(ceil(max(least), partition_unit(situation.spec)))


def left_note(situation: Situation, touched: Ranges) -> tuple[str, ...]:
    """Say what changed below what the inputs keep: it cannot be rebuilt from them."""
    left = subtract(to_partitions(situation.spec, touched), retained(situation))
    if not left:
        return ()
    return (
        f"below what its inputs keep: rows changed that belong to {describe(left)}, which cannot be rebuilt; what is "
        f"published there stays as it is",
    )


def gone_note(what: str, ranges: Ranges) -> str:
    """Say that what was `owed` or `overdue` will not be rebuilt any more."""
    stays = "its inputs keep it no longer; what is published there stays as it is"
    also = ", by an older logic where one built it" if what == "owed" else ""
    return f"no longer {what}: {describe(ranges)}, {stays}{also}"
