"""A plan says of each rebuilt range which input caused it, and how many of its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.planning.case import plan_of
from tidemark.explain import explain

TWO = {
    "signups": {"rows": True, "complete": 12, "appended": "2.1..2.2, 2.5..2.6, 9..9.5"},
    "cancels": {"window": {"after": "2h"}, "complete": 12, "appended": "4.25..4.75"},
}


def notes_of(folder: Path, mode: str = "stateful", **content: Any) -> list[str]:
    return [note for note in plan_of({"mode": mode, **content}, folder).notes if "because" in note]


def test_each_rebuilt_range_names_the_inputs_that_changed_there(tmp_path: Path) -> None:
    assert notes_of(tmp_path, built={"through": 12}, inputs=TWO) == [
        "2026-04-12T02:00Z..2026-04-12T05:00Z because of 2 changed rows of signups in "
        "2026-04-12T02:06Z..2026-04-12T02:36Z",
        "2026-04-12T02:00Z..2026-04-12T05:00Z because of 1 changed row of cancels in "
        "2026-04-12T04:15Z..2026-04-12T04:45Z",
        "2026-04-12T09:00Z..2026-04-12T10:00Z because of 1 changed row of signups in "
        "2026-04-12T09:00Z..2026-04-12T09:30Z",
    ]


def test_hours_that_are_owed_or_newly_complete_are_named_as_such(tmp_path: Path) -> None:
    inputs = {"signups": {"was_complete": 6, "complete": 8, "rows_at": "0..8"}}
    built = {"through": 6, "owed": "2..3"}
    assert notes_of(tmp_path, built=built, inputs=inputs) == [
        "2026-04-12T02:00Z..2026-04-12T03:00Z because of what was owed",
        "2026-04-12T06:00Z..2026-04-12T08:00Z because of hours that are newly complete",
    ]


def test_of_many_ranges_the_first_ten_are_explained(tmp_path: Path) -> None:
    changed = ", ".join(f"{2 * hour}..{2 * hour + 1}" for hour in range(12))
    plan = plan_of(
        {"mode": "stateful", "built": {"through": 24}, "inputs": {"signups": {"complete": 24, "appended": changed}}},
        tmp_path,
    )
    assert sum("because of 1 changed row of signups" in note for note in plan.notes) == 10
    assert "and 2 more ranges in the same way" in plan.notes


@pytest.mark.parametrize("effect", ["first run", "rewritten"])
def test_a_first_run_has_one_cause_and_rewritten_rows_name_theirs(tmp_path: Path, effect: str) -> None:
    if effect == "first run":
        assert notes_of(tmp_path, inputs={"signups": {"complete": 6, "appended": "0..6"}}) == []
        return
    rewritten = {"signups": {"complete": 6, "rewritten": "3..4"}}
    assert notes_of(tmp_path, mode="stateless", built={"through": 6}, inputs=rewritten) == [
        "2026-04-12T03:00Z..2026-04-12T04:00Z because of 1 changed row of signups in "
        "2026-04-12T03:00Z..2026-04-12T04:00Z"
    ]


def test_the_causes_stand_in_the_text_of_the_plan_one_fact_a_line_without_runs_of_blanks(tmp_path: Path) -> None:
    inputs = {"a_long_name_of_an_input_that_needs_room": {"complete": 12, "appended": "2..3"}, "b": {"complete": 12}}
    lines = explain(plan_of({"mode": "stateful", "built": {"through": 12}, "inputs": inputs}, tmp_path)).splitlines()
    assert lines[0].startswith("test.target: overwrite, session 20260412-")
    assert "  input b: nothing new" in lines
    assert any(line.startswith("  note: 2026-04-12T02:00Z..2026-04-12T03:00Z because of") for line in lines)
    assert all("   " not in line for line in lines)


def test_the_text_of_a_plan_without_work_says_so_first(tmp_path: Path) -> None:
    plan = plan_of({"mode": "stateful", "built": {"through": 6}, "inputs": {"signups": {"complete": 6}}}, tmp_path)
    assert explain(plan).splitlines()[:2] == ["test.target: nothing to do", "  input signups: nothing new"]


def test_the_ends_of_time_are_not_written_as_years(tmp_path: Path) -> None:
    inputs = {"signups": {"complete": 6, "appended": "2.."}}
    text = explain(plan_of({"mode": "stateful", "built": {"through": 6}, "inputs": inputs}, tmp_path))
    assert "held back: 2026-04-12T06:00Z.., until the inputs are complete there" in text
    assert "2200" not in text and "1900" not in text
