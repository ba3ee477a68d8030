"""The three uses of an input's window: what a change touches, what a rebuild reads, and when an hour is final."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidemark.planning.situation import InputState, Situation
from tidemark.spec.model import DatasetSpec, InputSpec
from tidemark.state.ranges import Ranges, Unit, floor, round_out, union, widen

ZERO = timedelta(0)


def touches(window: InputSpec, changed: Ranges) -> Ranges:
    """Return the target times that changes at `changed` input times touch: [p - after, p + before] for each p."""
    return widen(changed, window.after, window.before)


def reads(window: InputSpec, rebuilt: Ranges) -> Ranges:
    """Return the input times that a rebuild of `rebuilt` target times reads: [t - before, t + after] for each t."""
    return widen(rebuilt, window.before, window.after)


def read_inputs(situation: Situation) -> list[InputState]:
    """Return the inputs whose changes count: all but the dataset itself."""
    return [state for state in situation.inputs.values() if not state.own]


def touched_by_changes(situation: Situation) -> Ranges:
    """Return the target times that the changed rows of all inputs touch."""
    return union(*(touches(state.spec, state.changes.touched) for state in read_inputs(situation)))


@dataclass(frozen=True)
class Limit:
    """The instant through which the inputs allow the target to be built (None: no limit), and the input that sets it.

    `set_by` is empty if no input sets a limit.
    """

    through: datetime | None
    set_by: str


def buildable_through(spec: DatasetSpec, inputs: Iterable[InputState]) -> Limit:
    """Return the instant through which all inputs allow the target to be built.

    An input allows its completeness; a negative `after` allows that much more. The least of these counts, rounded
    down to the target's hour, or to its day if a row covers a whole day.
    """
    limits = [
        (through - min(state.spec.after, ZERO), state.spec.name)
        for state in inputs
        if state.bounds and (through := state.waited_for) is not None
    ]
    if not limits:
        return Limit(None, "")
    limit, name = min(limits)
    return Limit(floor(limit, event_unit(spec)), name)


def final_through(spec: DatasetSpec, inputs: Iterable[InputState], built: datetime | None) -> datetime | None:
    """Return the instant before which no event that arrives in time can change the target any more.

    That is never later than `built`, the instant through which the target is built (None: no limit).
    """
    finals = [
        state.final_through - max(state.spec.after, ZERO)
        for state in inputs
        if state.bounds and state.final_through is not None
    ]
    if built is None or not finals:
        return built
    return floor(min(built, *finals), event_unit(spec))


def event_unit(spec: DatasetSpec) -> Unit:
    """Return the unit of time that a row of the target covers: an hour, or a whole day."""
    return "day" if spec.event_unit == "day" else "hour"


def partition_unit(spec: DatasetSpec) -> Unit:
    """Return the unit of the target's partitions along its event time."""
    for partition in spec.partition_by:
        if partition.column == spec.event_time and partition.transform in ("hour", "day", "month"):
            return _UNITS[partition.transform]
    return event_unit(spec)


_UNITS: dict[str, Unit] = {"hour": "hour", "day": "day", "month": "month"}


def to_partitions(spec: DatasetSpec, ranges: Ranges) -> Ranges:
    """Round ranges outwards to whole partitions of the target."""
    return round_out(ranges, partition_unit(spec))
