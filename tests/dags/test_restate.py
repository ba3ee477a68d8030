"""A backfill is many runs: they rebuild each partition once, and again only if its inputs or logic changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tidemark.airflow.restate import name_backfill
from tidemark.state.cause import Restatement
from tidemark.state.effect import ReplaceRanges
from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import Interval

DAY = Interval(datetime(2026, 4, 3, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC))
INPUT = InputPlan("search.a", "uuid", 1, 2, 2, None, None, (DAY,), "1 snapshot")
PLAN = Plan("search.b", "uuid", 7, 0, "spec", "logic", DAY.end, ReplaceRanges((DAY,), (DAY,)), inputs={"a": INPUT})


def hour(start: int) -> Restatement:
    at = datetime(2026, 4, 3, start, tzinfo=UTC)
    return Restatement(Interval(at, at.replace(hour=start + 1)), "unnamed", "why")


def test_hourly_runs_of_one_day_share_a_name() -> None:
    first = replace(PLAN, cause=hour(3), clock=DAY.start)
    second = replace(PLAN, cause=hour(4), base_snapshot=8)
    assert name_backfill(first) == name_backfill(second)


def test_another_day_input_or_logic_has_another_name() -> None:
    later = Interval(DAY.end, datetime(2026, 4, 5, tzinfo=UTC))
    others = [
        replace(PLAN, effect=ReplaceRanges((later,), (later,))),
        replace(PLAN, inputs={"a": replace(INPUT, read_snapshot=3)}),
        replace(PLAN, inputs={"a": replace(INPUT, uuid="made anew")}),
        replace(PLAN, fingerprint="mended"),
        replace(PLAN, dataset="search.c"),
    ]
    names = {name_backfill(plan) for plan in (PLAN, *others)}
    assert len(names) == 1 + len(others)
