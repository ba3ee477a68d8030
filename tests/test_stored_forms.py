"""Stored plans and watermarks are read back unchanged, also those that an older version wrote."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from tidemark.state.cause import NEWS, Adoption, Cause, Declaration, News, Restatement, Resync
from tidemark.state.codec import decode, encode
from tidemark.state.effect import (
    AppendFiles,
    AppendRows,
    Effect,
    FileRef,
    Nothing,
    ReplaceAll,
    ReplaceRanges,
    Touch,
)
from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import BEGINNING, END, Interval
from tidemark.state.watermark import Border, Position, Watermark

AT = datetime(2026, 4, 12, tzinfo=UTC)
HOUR = Interval(AT, AT + timedelta(hours=1))
REST = Interval(AT, END)
POSITION = Position("input", 3, AT, AT, 5)
MARK = Watermark("before", 4, AT, AT, {"feed": POSITION}, (HOUR,), (HOUR,), "logic", (Border("old", AT),))
READ = InputPlan("accounts.feed", "input", 3, 5, 5, AT, AT, (HOUR,), "1 snapshot", AT)
FILE = FileRef("signups/a.json", 1, "hash", AT)
PLAN = Plan(
    dataset="accounts.signups",
    table_uuid="target",
    base_snapshot=4,
    schema_id=1,
    fingerprint="fingerprint",
    logic="logic",
    clock=AT,
    effect=ReplaceRanges((HOUR,), (HOUR,)),
    cause=NEWS,
    inputs={"feed": READ},
    owed=(HOUR,),
    overdue=(HOUR,),
    held_back=(HOUR,),
    complete_through=AT,
    final_through=AT,
    previous=MARK,
    borders=(Border("old", None),),
    notes=("a note",),
    session="20260412-000000000000",
)
CAUSES: tuple[Cause, ...] = (
    News(),
    Restatement(HOUR, "asked", "why"),
    Resync("why"),
    Adoption(MARK, "why"),
    Declaration(AT, "why"),
)
EFFECTS: tuple[Effect, ...] = (
    AppendFiles((FILE, FileRef("b", 2, "other")), history=True, complete_by_rows=True),
    AppendRows(),
    ReplaceRanges((HOUR,), (REST,)),
    ReplaceAll((HOUR,)),
    Touch(),
    Nothing(),
)


def test_each_kind_of_cause_and_effect_is_tried() -> None:
    assert {type(cause) for cause in CAUSES} == set(get_args(Cause))
    assert {type(effect) for effect in EFFECTS} == set(get_args(Effect))


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.KIND)
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.KIND)
def test_what_is_stored_is_read_again_as_it_was(cause: Cause, effect: Effect) -> None:
    plan = replace(PLAN, cause=cause, effect=effect)

    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json()).to_json() == plan.to_json()
    assert Watermark.from_json(MARK.to_json()) == MARK


def without(of: type, raw: Any) -> dict[str, Any]:
    """Return the fields that have a default, and the defaults."""
    with_default = [field for field in fields(of) if _has_default(field)]
    return {field.name: _default(field) for field in with_default if field.name in raw}


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


@pytest.mark.parametrize("value", [PLAN, READ, MARK, POSITION, FILE], ids=lambda value: type(value).__name__)
def test_a_field_that_had_not_come_yet_is_read_with_its_default(value: Any) -> None:
    raw = encode(value)
    defaults = without(type(value), raw)
    assert defaults
    for name, default in defaults.items():
        earlier = {key: item for key, item in raw.items() if key != name}
        assert decode(type(value), earlier) == replace(value, **{name: default}), name


@pytest.mark.parametrize("value", [PLAN, READ, MARK, POSITION, FILE], ids=lambda value: type(value).__name__)
def test_a_field_of_a_later_version_is_passed_over(value: Any) -> None:
    assert decode(type(value), {**encode(value), "of_a_later_version": [1, 2]}) == value


@pytest.mark.parametrize("raw", [None, 7, "text", [], {"session": "only"}])
def test_what_is_no_watermark_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="stored value is not a Watermark"):
        decode(Watermark, raw)


EARLIER: dict[str, Any] = {
    "dataset": PLAN.dataset,
    "table_uuid": PLAN.table_uuid,
    "how": "overwrite",
    "base_snapshot": 4,
    "schema_id": 1,
    "fingerprint": "fingerprint",
    "logic": "logic",
    "clock": "2026-04-12T00:00Z",
    "inputs": {
        "feed": {
            **{key: value for key, value in encode(READ).items() if not key.endswith("snapshot")},
            **{"from": 3, "to": 5, "read": 5},
        }
    },
    "ranges": encode((HOUR,)),
    "owed": encode((HOUR,)),
    "overdue": encode((HOUR,)),
    "held_back": encode((HOUR,)),
    "complete_through": "2026-04-12T00:00Z",
    "final_through": "2026-04-12T00:00Z",
    "previous": MARK.to_json(),
    "files": [],
    "history": False,
    "completeness": "inputs",
    "request": None,
    "resync": False,
    "takes_up_logic": True,
    "borders": [["old", None]],
    "sets": None,
    "reason": "",
    "notes": ["a note"],
    "session": PLAN.session,
}
"""Return the plan as version 0.1 stored it."""
FROM_BEGINNING = Interval(BEGINNING, HOUR.end)


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ({}, {}),
        ({"how": "touch", "ranges": []}, {"effect": Touch()}),
        ({"how": "append", "ranges": []}, {"effect": AppendRows(), "fingerprint": ""}),
        (
            {
                "how": "append",
                "ranges": [],
                "files": [["signups/a.json", 1, "hash", "2026-04-12T00:00Z"], ["b", 2, "other"]],
                "history": True,
                "completeness": "data",
            },
            {"effect": AppendFiles((FILE, FileRef("b", 2, "other")), history=True, complete_by_rows=True)},
        ),
        (
            {"how": "append", "ranges": [], "files": [["b", 2, "other", None]], "completeness": "clock"},
            {"effect": AppendFiles((FileRef("b", 2, "other"),))},
        ),
        (
            {"resync": True, "reason": "why"},
            {"cause": Resync("why"), "effect": ReplaceRanges((HOUR,), (REST,))},
        ),
        (
            {"resync": True, "ranges": encode((FROM_BEGINNING,))},
            {"cause": Resync(), "effect": ReplaceAll((FROM_BEGINNING,))},
        ),
        ({"resync": True, "ranges": []}, {"cause": Resync(), "effect": ReplaceAll()}),
        (
            {
                "request": {
                    "start": "2026-04-12T00:00Z",
                    "end": "2026-04-12T01:00Z",
                    "request_id": "asked",
                    "reason": "why",
                }
            },
            {"cause": Restatement(HOUR, "asked", "why")},
        ),
        (
            {"how": "touch", "ranges": [], "sets": MARK.to_json(), "reason": "why"},
            {"effect": Touch(), "cause": Adoption(MARK, "why")},
        ),
        (
            {"how": "touch", "ranges": [], "reason": "why"},
            {"effect": Touch(), "cause": Declaration(AT, "why")},
        ),
    ],
)
def test_s72_a_plan_of_version_0_1_is_read(said: dict[str, Any], changes: dict[str, Any]) -> None:
    assert Plan.from_json(json.dumps({**EARLIER, **said})) == replace(PLAN, **changes)


@pytest.mark.parametrize("name", ["history", "completeness", "request", "resync", "borders", "sets", "reason", "files"])
def test_s72_a_plan_of_before_a_field_had_come_is_read(name: str) -> None:
    expected = replace(PLAN, borders=()) if name == "borders" else PLAN

    assert Plan.from_json(json.dumps({key: value for key, value in EARLIER.items() if key != name})) == expected


FIRST_MARK = {
    "session": "before",
    "snapshot": 4,
    "complete_through": "2026-04-12T00:00Z",
    "final_through": "2026-04-12T00:00Z",
    "inputs": {"feed": {"uuid": "input", "snapshot": 3, "complete_through": "2026-04-12T00:00Z"}},
    "owed": encode((HOUR,)),
    "overdue": encode((HOUR,)),
    "fingerprint": "fingerprint",
}
"""The first watermarks had a fingerprint, but no logic and no borders; positions did not record retention."""
READ_MARK = replace(MARK, inputs={"feed": Position("input", 3, AT)}, logic="", borders=())


def test_s72_a_watermark_of_the_first_form_is_read() -> None:
    assert Watermark.from_json(json.dumps(FIRST_MARK)) == READ_MARK


def test_s72_a_plan_that_starts_from_a_watermark_of_the_first_form_is_read() -> None:
    earlier = {**EARLIER, "previous": json.dumps(FIRST_MARK)}

    assert Plan.from_json(json.dumps(earlier)) == replace(PLAN, previous=READ_MARK)


def test_s72_an_input_of_before_retention_is_read() -> None:
    (read,) = EARLIER["inputs"].values()
    earlier = {**EARLIER, "inputs": {"feed": {key: value for key, value in read.items() if key != "held_from"}}}

    assert Plan.from_json(json.dumps(earlier)) == replace(PLAN, inputs={"feed": replace(READ, held_from=None)})
