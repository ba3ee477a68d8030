"""Which inputs keep a dataset from going on: those that are complete no further than the dataset needs them to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tidemark.planning.windows import ZERO, event_unit
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.ranges import floor
from tidemark.state.watermark import Watermark
from tidemark.steps.input_state import bounds_reader


@dataclass(frozen=True)
class Wait:
    """An input that a dataset waits for. `through` is how far it is complete; None if nothing of it is published."""

    dataset: str
    through: datetime | None


def waits_of(
    spec: DatasetSpec, specs: Mapping[str, DatasetSpec], marks: Mapping[str, Watermark | None]
) -> tuple[Wait, ...]:
    """Return the inputs that a dataset waits for; empty if its next session can go on, or if no input limits it.

    `marks` holds the watermark of each dataset, None if it has published nothing.
    """
    bounding = [i for i in spec.inputs.values() if bounds_reader(spec, specs[i.dataset])]
    unpublished = [i for i in bounding if marks[i.dataset] is None and not i.optional]
    if unpublished:
        return _sorted(Wait(i.dataset, None) for i in unpublished)
    allowed = {i.name: (i.dataset, *limit) for i in bounding if (limit := _limit(i, marks[i.dataset])) is not None}
    own = marks[spec.dataset]
    least = min((instant for _, instant, _ in allowed.values()), default=None)
    if least is None or own is None or own.complete_through is None:
        return ()
    if floor(least, event_unit(spec)) > own.complete_through:
        return ()
    return _sorted(Wait(dataset, through) for dataset, instant, through in allowed.values() if instant == least)


def _limit(window: InputSpec, mark: Watermark | None) -> tuple[datetime, datetime] | None:
    """Return the instant through which an input allows its reader to be built, and how far the input is complete."""
    if mark is None:
        return None
    through = mark.final_through if window.waits_for == "final_through" else mark.complete_through
    return None if through is None else (through - min(window.after, ZERO), through)


def _sorted(waits: Iterable[Wait]) -> tuple[Wait, ...]:
    return tuple(sorted(set(waits), key=lambda wait: wait.dataset))
