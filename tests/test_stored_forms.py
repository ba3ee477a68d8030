"""Plans and watermarks as they are stored: read again as they were, and also as an older version wrote them."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import Interval
from tidemark.state.watermark import Border, FileRef, How, Position, Request, Watermark

AT = datetime(2026, 4, 12, tzinfo=UTC)
HOUR = Interval(AT, AT + timedelta(hours=1))
POSITION = Position("input", 3, AT, AT, 5)
MARK = Watermark("before", 4, AT, AT, {"feed": POSITION}, (HOUR,), (HOUR,), "logic", (Border("old", AT),))
READ = InputPlan("accounts.feed", "input", 3, 5, 5, AT, AT, (HOUR,), "1 snapshot", AT)
PLAN = Plan(
    dataset="accounts.signups",
    table_uuid="target",
    how=How.overwrite,
    base_snapshot=4,
    schema_id=1,
    fingerprint="fingerprint",
    logic="logic",
    clock=AT,
    inputs={"feed": READ},
    ranges=(HOUR,),
    owed=(HOUR,),
    overdue=(HOUR,),
    held_back=(HOUR,),
    complete_through=AT,
    final_through=AT,
    previous=MARK,
    files=(FileRef("signups/a.json", 1, "hash", AT),),
    history=True,
    completeness="data",
    request=Request(HOUR, "asked", "why"),
    resync=True,
    takes_up_logic=True,
    borders=(Border("old", None),),
    sets=MARK,
    reason="why",
    notes=("a note",),
    session="20260412-000000000000",
)


def test_what_is_stored_is_read_again_as_it_was() -> None:
    assert Plan.from_json(PLAN.to_json()) == PLAN
    assert Watermark.from_json(MARK.to_json()) == MARK


def optional(of: type) -> list[str]:
    """The fields that have a default."""
    return [f.name for f in fields(of) if f.default is not MISSING or f.default_factory is not MISSING]  # type: ignore[arg-type]


def default(of: type, name: str) -> Any:
    """What a field is where nobody says it."""
    (field,) = [f for f in fields(of) if f.name == name]  # type: ignore[arg-type]
    return field.default if field.default_factory is MISSING else field.default_factory()


@pytest.mark.parametrize("name", optional(Plan))
def test_a_plan_of_before_a_field_had_come_is_read_with_its_default(name: str) -> None:
    raw = json.loads(PLAN.to_json())
    del raw[name]

    assert Plan.from_json(json.dumps(raw)) == replace(PLAN, **{name: default(Plan, name)})


@pytest.mark.parametrize("name", optional(InputPlan))
def test_an_input_of_a_plan_of_before_a_field_had_come_is_read_with_its_default(name: str) -> None:
    raw = json.loads(PLAN.to_json())
    del raw["inputs"]["feed"][name]
    read = replace(READ, **{name: default(InputPlan, name)})

    assert Plan.from_json(json.dumps(raw)) == replace(PLAN, inputs={"feed": read})


@pytest.mark.parametrize("name", optional(Watermark))
def test_a_watermark_of_before_a_field_had_come_is_read_with_its_default(name: str) -> None:
    raw = json.loads(MARK.to_json())
    del raw[name]

    assert Watermark.from_json(json.dumps(raw)) == replace(MARK, **{name: default(Watermark, name)})


@pytest.mark.parametrize("name", optional(Position))
def test_a_position_of_before_a_field_had_come_is_read_with_its_default(name: str) -> None:
    raw = json.loads(MARK.to_json())
    del raw["inputs"]["feed"][name]
    position = replace(POSITION, **{name: default(Position, name)})

    assert Watermark.from_json(json.dumps(raw)) == replace(MARK, inputs={"feed": position})
