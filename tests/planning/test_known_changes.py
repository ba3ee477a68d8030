"""The property of a snapshot that says where it differs along the known time: its text, and what is not believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tidemark.state.changes import ChangedFile
from tidemark.state.known_changes import MOST, KnownChanges
from tidemark.state.ranges import Interval

START = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def change(day: int, rows: int, length: int = 1) -> ChangedFile:
    return ChangedFile(Interval(START + day * DAY, START + (day + length) * DAY), rows)


def test_adjacent_days_are_joined_and_their_rows_added_up() -> None:
    found = KnownChanges.of("known_day", 7, [change(3, 5), change(0, 1), change(1, 2), change(0, 4)])
    assert found.changed == (change(0, 7, length=2), change(3, 5))


def test_the_text_is_read_as_it_was_written() -> None:
    found = KnownChanges.of("known_day", 7, [change(3, 5), change(0, 1)])
    assert KnownChanges.from_json(found.to_json()) == found


def test_very_many_days_become_one_interval_that_covers_them() -> None:
    scattered = [change(2 * number, 1) for number in range(MOST + 1)]
    assert KnownChanges.of("known_day", 7, scattered).changed == (change(0, MOST + 1, length=2 * MOST + 1),)


GOOD = {"column": "known_day", "parent": 7, "changed": [["2026-04-01T00:00:00+00:00", "2026-04-02T00:00:00+00:00", 5]]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        json.dumps({**GOOD, "parent": None}),
        json.dumps({**GOOD, "changed": None}),
        json.dumps({**GOOD, "changed": [["2026-04-01", "2026-04-02", 5]]}),
        json.dumps({**GOOD, "changed": [["2026-04-02T00:00:00+00:00", "2026-04-01T00:00:00+00:00", 5]]}),
        json.dumps({**GOOD, "changed": [["2026-04-02T00:00:00+00:00", 5]]}),
        json.dumps({"column": "known_day"}),
        json.dumps(GOOD).replace("7", "1e999"),
        "[" * 100_000,
    ],
)
def test_a_text_in_another_form_says_nothing(text: str) -> None:
    assert KnownChanges.from_json(json.dumps(GOOD)) is not None
    assert KnownChanges.from_json(text) is None
