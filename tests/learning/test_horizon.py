"""The label horizon follows the history, is kept on record, and is never lowered by itself. Needs no Spark."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ranking.labels import horizon, label_horizons
from ranking.labels.horizon import HISTORY, SETTING, Choice
from steering.horizons import describe

CASES = yaml.safe_load((Path(__file__).parent / "horizons.yaml").read_text(encoding="utf-8"))
FIRST = date(2026, 1, 1)
AUTO = Choice.of(None, 28, 7)

Row = dict[str, Any]


def first_days(count: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(count)]


def settings_of(case: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "label_horizon": case.get("label_horizon", "auto"),
        "longest_label_horizon": case.get("longest", "28d"),
        "labels": {"cut_every": case.get("cut_every", 7)},
    }


def grown(*lengths: int, choice: Choice = AUTO) -> list[Row]:
    """Return the record of a history that was read at each of these lengths in days."""
    rows: list[Row] = []
    for length in lengths:
        row = horizon.next_row(rows, first_days(length), True, choice)
        rows += [row] if row is not None else []
    return rows


@pytest.mark.parametrize("case", CASES, ids=[f"{case['days']} days: {case['why']}" for case in CASES])
def test_the_horizon_of_a_history(case: Mapping[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(ValueError) as refusal:
            label_horizons.choice_of(settings_of(case))
        assert case["refused"] in str(refusal.value)
        return
    row = horizon.next_row([], first_days(case["days"]), False, label_horizons.choice_of(settings_of(case)))
    assert row is not None
    found = (row["horizon_days"], row["days_needed"], row["settled"], row["history_days"])
    assert found == (case["horizon"], case["needed"], case["settled"], case["days"])
    assert row["found_by"] == (SETTING if "label_horizon" in case else HISTORY)


@pytest.mark.parametrize("days", horizon.CHOICES)
@pytest.mark.parametrize("cut_after", range(7))
def test_the_days_needed_hold_a_training_and_a_test_window_wherever_the_cuts_lie(days: int, cut_after: int) -> None:
    newest_cut = AUTO.needed(days) - cut_after
    assert newest_cut - 2 * days >= 0, "the first day of the training window"


def test_the_horizon_is_raised_as_the_history_grows_and_each_change_touches_all_its_days() -> None:
    rows = grown(21, 22, 35, 63)
    assert [row["horizon_days"] for row in rows] == [7, 7, 14, 28]
    assert [row["horizon_before"] for row in rows] == [None, None, 7, 14]
    assert [row["since"] for row in rows] == [FIRST + timedelta(days=last) for last in (20, 20, 34, 62)]
    assert [len(row["touched_days"]) for row in rows] == [21, 0, 35, 63]
    assert [row["revision"] for row in rows] == [1, 2, 3, 4]


def test_a_look_without_a_new_day_adds_no_row() -> None:
    assert len(grown(21, 21, 20)) == 1


def test_the_history_never_lowers_what_it_chose() -> None:
    """All requests were read again, and retention has removed the older ones."""
    rows = grown(63)
    left = horizon.next_row(rows, first_days(63)[40:], False, AUTO)
    assert left is not None
    assert (left["horizon_days"], left["horizon_before"], left["touched_days"]) == (28, None, [])


def test_a_setting_lowers_it_and_taking_the_setting_back_restores_it() -> None:
    rows = grown(63)
    for choice in (Choice.of(7, 28, 7), AUTO):
        row = horizon.next_row(rows, first_days(63), False, choice)
        assert row is not None
        rows.append(row)
    assert [(row["horizon_days"], row["found_by"]) for row in rows] == [(28, HISTORY), (7, SETTING), (28, HISTORY)]
    assert [len(row["touched_days"]) for row in rows[1:]] == [63, 63]


def test_the_record_does_not_depend_on_how_the_days_arrive() -> None:
    days = first_days(63)
    random.Random(3).shuffle(days)
    rows: list[Row] = []
    for begin in range(0, 63, 5):
        row = horizon.next_row(rows, days[begin : begin + 5], True, AUTO)
        rows += [row] if row is not None else []
    at_once = grown(63)[-1]
    assert {name: rows[-1][name] for name in ("days", "horizon_days", "settled", "since")} == {
        name: at_once[name] for name in ("days", "horizon_days", "settled", "since")
    }


def bounds(first: int, last: int) -> Mapping[str, tuple[Any, Any]]:
    """Return the bounds of a file with requests of the days `first` to `last`, as the files' metadata has them."""
    at = [datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(days=day) for day in (first, last)]
    return {"requested_at": (int(at[0].timestamp()) * 1_000_000, int(at[1].timestamp()) * 1_000_000)}


@pytest.mark.parametrize(
    ("files", "own", "news"),
    [
        ([bounds(0, 0)], [], True),
        ([bounds(3, 20)], grown(21), False),
        ([bounds(20, 21)], grown(21), True),
        ([bounds(-9, -9)], grown(21), True),
        ([{}], grown(21), True),
        ([], grown(21), False),
        ([bounds(900, 900)], grown(63), False),
        ([bounds(30, 30)], grown(30, choice=Choice.of(7, 28, 7)), False),
        ([bounds(30, 30)], grown(30, choice=Choice.of(28, 28, 7)), True),
    ],
)
def test_only_a_new_day_before_the_horizon_is_settled_is_news(files: list[Any], own: list[Row], news: bool) -> None:
    assert horizon.holds_news(files, own) is news


def test_people_see_the_horizon_with_the_date_of_each_change() -> None:
    assert describe([]) is None
    assert describe(grown(10)) == (
        "labels count 7 days since 2026-01-10 (10 days of logs); a first ranker takes 21 days of logs, and there are 10"
    )
    assert describe(grown(21, 30, 35, 40)) == (
        "labels count 14 days since 2026-02-04 (40 days of logs); before that, 7 days since 2026-01-21"
    )
    by_hand = grown(40, choice=Choice.of(28, 28, 7))
    assert describe(by_hand) == (
        "labels count 28 days since 2026-02-09 (set in search.yaml); a first ranker takes 63 days of logs, "
        "and there are 40"
    )
