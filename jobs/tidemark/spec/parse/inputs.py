"""Read the `inputs` block: which datasets a target reads, and which rows of them one target row depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tidemark.spec.model import InputRead, InputSpec, WaitsFor
from tidemark.spec.parse import values as read
from tidemark.spec.parse.document import Item

KEYS = (
    "dataset",
    "window",
    "rows",
    "optional",
    "waits_for",
    "event_time",
    "keep",
    "touches",
    "read",
    "news_if",
    "renamed",
)
WAITS: tuple[WaitsFor, ...] = ("complete_through", "final_through")
READS: tuple[InputRead, ...] = ("all", "added")
ZERO = timedelta(0)


@dataclass(frozen=True)
class Window:
    """The input's event times that a target row at t depends on: [t - before, t + after].

    If `before` is None, the window reaches back to the beginning.
    """

    before: timedelta | None = ZERO
    after: timedelta = ZERO


def read_inputs(item: Item, values: Mapping[str, Any]) -> dict[str, InputSpec]:
    """Return all inputs by name, in the order of the file. Raises SpecError.

    Exactly one of them has `rows` set. If no input in the file sets it, the first one gets it.
    """
    if not isinstance(item.value, dict) or not item.value:
        raise item.error(f"inputs is {item.shown}", "write one key for each input: name: {dataset: namespace.name}")
    inputs = {read.name_of(entry, name): _input(name, entry, values) for name, entry in item.value.items()}
    row_inputs = [name for name, entry in inputs.items() if entry.rows]
    if len(row_inputs) > 1:
        raise item.value[row_inputs[1]].error(
            f"{' and '.join(row_inputs)} have rows: true", "keep it at the one input that gives the rows"
        )
    if row_inputs:
        return inputs
    first = next(iter(inputs))
    return {**inputs, first: replace(inputs[first], rows=True)}


def _input(name: str, item: Item, values: Mapping[str, Any]) -> InputSpec:
    keys = read.block(item, KEYS, needed=("dataset",))
    window = _window(keys["window"], values) if "window" in keys else Window()
    keep = _keep(keys["keep"], window, values) if "keep" in keys else None
    return InputSpec(
        name=name,
        dataset=read.dataset_name(keys["dataset"]),
        event_time=read.text(keys["event_time"]) if "event_time" in keys else None,
        before=window.before,
        after=window.after,
        rows="rows" in keys and read.flag(keys["rows"]),
        optional="optional" in keys and read.flag(keys["optional"]),
        waits_for=read.choice(keys["waits_for"], WAITS) if "waits_for" in keys else "complete_through",
        keep=keep,
        touches=read.text(keys["touches"]) if "touches" in keys else None,
        read=read.choice(keys["read"], READS) if "read" in keys else "all",
        news_if=read.function_name(keys["news_if"]) if "news_if" in keys else None,
        renamed=_renamed(keys["renamed"]) if "renamed" in keys else {},
    )


def _renamed(item: Item) -> dict[str, str]:
    """Return the columns of the input with the columns of the target that hold their values."""
    if not isinstance(item.value, dict) or not item.value:
        raise item.error(
            f"renamed is {item.shown}", "write a column of the input and one of this dataset: {day: feature_day}"
        )
    return {own: read.text(entry) for own, entry in item.value.items()}


def _keep(item: Item, window: Window, values: Mapping[str, Any]) -> timedelta:
    if window.before is None:
        raise item.error(
            "keep cannot be used with before: all", "remove keep: the window needs all earlier rows of the input"
        )
    return read.positive_duration(item, values, "how long the input keeps its rows, such as 90d")


def _window(item: Item, values: Mapping[str, Any]) -> Window:
    keys = read.block(item, ("before", "after"))
    before, after = keys.get("before"), keys.get("after")
    if after is not None and after.value == "all":
        raise after.error(
            f"{after.name} is all, and a row that depends on all later rows is never final", "write a duration"
        )
    window = Window(
        before=ZERO if before is None else None if before.value == "all" else read.duration(before, values),
        after=ZERO if after is None else read.duration(after, values),
    )
    if window.before is not None and window.before + window.after < ZERO:
        raise item.error(f"{item.name} ends before it begins", "make the sum of before and after zero or more")
    return window
