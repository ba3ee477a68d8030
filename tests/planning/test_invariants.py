"""Properties of every plan that rebuilds ranges, tested with random targets, inputs, windows and limits."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.planning.case import instant, plan_of, ranges, shown, situation_of
from tidemark.modes import make_plan, row_times_input
from tidemark.planning.windows import to_partitions, touched_by_changes
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval, Ranges, before, describe, from_on, intersect, subtract, union

HOURS = st.integers(0, 40)
LENGTHS = st.integers(0, 5)


@st.composite
def some_ranges(draw: st.DrawFn, within: int = 40) -> str:
    """Draw a few ranges of whole or half hours that start before hour `within`, as a case writes them."""
    starts = draw(st.lists(st.integers(0, max(within * 2 - 1, 0)), max_size=3, unique=True))
    found = [Interval(instant(n / 2), instant((n + draw(st.integers(1, 4))) / 2)) for n in starts]  # type: ignore[arg-type]
    return shown(union(found))


@st.composite
def an_input(draw: st.DrawFn, built: int) -> dict[str, Any]:
    was = draw(st.integers(built, built + 3))
    return {
        "window": {"before": f"{draw(LENGTHS)}h", "after": f"{draw(LENGTHS)}h"},
        "was_complete": was,
        "complete": was + draw(st.integers(0, 30)),
        "appended": draw(some_ranges()),
        "rewritten": draw(some_ranges()),
    }


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a stateful target that is built through some hour, and two inputs that have changed since."""
    built = draw(st.integers(1, 30))
    limits = {"max_range": f"{draw(st.integers(1, 20))}h", "catch_up_limit": f"{draw(st.integers(1, 30))}h"}
    kept = {key: limits[key] for key in draw(st.sets(st.sampled_from(sorted(limits))))}
    # Owed and overdue ranges are whole partitions before `built`.
    owed, overdue = (shown(_whole(draw(some_ranges(built)), built)) for _ in range(2))
    return {
        "mode": "stateful",
        "spec": kept,
        "built": {"through": built, "owed": owed, "overdue": overdue},
        "inputs": {"a": {**draw(an_input(built)), "rows": True}, "b": draw(an_input(built))},
    }


def _whole(text: str, built: int) -> Ranges:
    found = ranges(text)
    hours = [instant(n) for n in range(41)]
    whole = [Interval(a, b) for a, b in pairwise(hours) if a and b]
    return intersect(union(i for i in whole if intersect((i,), found)), before(instant(built)))


def planned(situation: dict[str, Any]) -> tuple[Any, Plan]:
    with tempfile.TemporaryDirectory() as folder:
        found = situation_of(situation, Path(folder))
        row_times_input(found)
        return found, make_plan(found)


def disjoint(*parts: Ranges) -> bool:
    return all(not intersect(a, b) for n, a in enumerate(parts) for b in parts[n + 1 :])


@settings(deadline=None, max_examples=examples(300))
@given(situations())
def test_nothing_is_dropped(situation: dict[str, Any]) -> None:
    """Rebuilt, owed, overdue and held back are disjoint, and together cover what was touched, owed and overdue."""
    found, plan = planned(situation)
    watermark = found.target.watermark
    touched = touched_by_changes(found)
    limit = min(i.complete_through for i in found.inputs.values())

    assert disjoint(plan.ranges, plan.owed, plan.overdue, intersect(plan.held_back, from_on(limit)))
    covered = union(plan.ranges, plan.owed, plan.overdue, plan.held_back)
    for due in (touched, watermark.owed, watermark.overdue):
        assert subtract(due, covered) == (), f"{describe(due)} is neither rebuilt nor remembered"


@settings(deadline=None, max_examples=examples(300))
@given(situations())
def test_a_plan_stays_within_what_is_complete(situation: dict[str, Any]) -> None:
    found, plan = planned(situation)
    watermark = found.target.watermark
    limit = max(watermark.complete_through, min(i.complete_through for i in found.inputs.values()))

    assert subtract(plan.ranges, before(limit)) == ()
    assert plan.complete_through is not None and plan.final_through is not None
    assert watermark.complete_through <= plan.complete_through <= limit
    assert plan.final_through <= plan.complete_through
    assert all(not interval.end > limit for interval in plan.owed)
    if not plan.owed:
        assert plan.complete_through == limit
    newly = subtract(before(plan.complete_through), before(watermark.complete_through))
    assert intersect(plan.owed, newly) == (), "a range that counts as complete is owed"


@settings(deadline=None, max_examples=examples(300))
@given(situations())
def test_partitions_are_rebuilt_whole(situation: dict[str, Any]) -> None:
    found, plan = planned(situation)

    assert to_partitions(found.spec, plan.ranges) == plan.ranges
    assert to_partitions(found.spec, plan.owed) == plan.owed
    assert to_partitions(found.spec, plan.overdue) == plan.overdue
    if found.spec.max_range is not None and plan.ranges:
        length = sum(((i.end - i.start) for i in plan.ranges), start=found.spec.max_range * 0)
        assert length <= max(found.spec.max_range, plan.ranges[0].end - plan.ranges[0].start)


@settings(deadline=None, max_examples=examples(300))
@given(situations())
def test_notes_say_what_the_plan_does(situation: dict[str, Any]) -> None:
    found, plan = planned(situation)
    overdue = [note for note in plan.notes if note.startswith("overdue: ")]
    newly = subtract(plan.overdue, found.target.watermark.overdue)

    assert len(overdue) <= 1
    if newly:
        assert overdue, f"{describe(newly)} became overdue, but no note says so"
    for note in overdue:
        assert not any(str(interval) in note for interval in plan.ranges)
    (complete,) = [note for note in plan.notes if note.startswith("complete through ")]
    assert complete.split(", ")[0].split("; ")[0] == f"complete through {plan.complete_through:%Y-%m-%dT%H:%MZ}"


@settings(deadline=None, max_examples=examples(100))
@given(situations())
def test_a_plan_is_a_function_of_its_situation(situation: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, other = (plan_of(situation, Path(folder)) for _ in range(2))

    assert one == other
    assert Plan.from_json(one.to_json()) == one
