"""Which inputs a dataset waits for, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tidemark.operate.waiting import Wait, waits_of
from tidemark.settings import CHECKOUT, load_settings
from tidemark.spec.load import load_specs
from tidemark.spec.model import DatasetSpec
from tidemark.state.watermark import Watermark

SPECS = load_specs(CHECKOUT / "schemas", load_settings({}).values)
READER, SHOWN, DONE = "search.interactions", "search.impressions", "search.user_actions"


def at(hours: float) -> datetime:
    return datetime(2026, 4, 12, tzinfo=UTC) + timedelta(hours=hours)


def marks(reader: float | None, shown: float | None, done: float | None) -> dict[str, Watermark | None]:
    """Return watermarks that are complete through an hour; None for a dataset without one."""
    found: dict[str, Watermark | None] = dict.fromkeys(SPECS)
    for name, hours in ((READER, reader), (SHOWN, shown), (DONE, done)):
        found[name] = None if hours is None else Watermark("s", 1, at(hours), at(hours))
    return found


@pytest.mark.parametrize(
    ("reader", "shown", "done", "expected"),
    [
        (None, None, None, (Wait(SHOWN, None), Wait(DONE, None))),
        (None, 5, None, (Wait(DONE, None),)),
        (None, 5, 5, ()),
        (5, 5, 9, (Wait(SHOWN, at(5)),)),
        (5, 9, 5, (Wait(DONE, at(5)),)),
        (5, 5, 5, (Wait(SHOWN, at(5)), Wait(DONE, at(5)))),
        (5, 6, 7, ()),
        (5, 5.9, 9, (Wait(SHOWN, at(5.9)),)),
    ],
)
def test_the_inputs_that_keep_a_dataset_back(
    reader: float | None, shown: float | None, done: float | None, expected: tuple[Wait, ...]
) -> None:
    assert waits_of(SPECS[READER], SPECS, marks(reader, shown, done)) == expected


def test_a_reader_that_needs_less_than_the_day_waits_for_less() -> None:
    assert waits_of(_reading(timedelta(days=-1)), SPECS, marks(5, 5, 99)) == ()


def test_an_optional_input_without_rows_keeps_nobody_back() -> None:
    inputs = {n: replace(i, optional=i.dataset == DONE) for n, i in SPECS[READER].inputs.items()}
    assert waits_of(replace(SPECS[READER], inputs=inputs), SPECS, marks(5, 9, None)) == ()


def _reading(after: timedelta) -> DatasetSpec:
    inputs = {n: replace(i, after=after) for n, i in SPECS[READER].inputs.items()}
    return replace(SPECS[READER], inputs=inputs)
