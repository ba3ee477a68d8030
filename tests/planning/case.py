"""Cases of planning in a few lines of YAML: the state of target and inputs, and the plan that follows.

Instants are hours after 2026-04-12T00:00Z. Ranges are written `5..8` (half-open); `..8` and `5..` reach to the ends
of time, and a comma joins several ranges. By default an input is published, was read through snapshot 1, is at
snapshot 2 if anything changed, and is complete through `complete`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tidemark.errors import RequestRefused
from tidemark.modes import MODES, make_plan, row_times_input
from tidemark.planning import InputState, LandingState, Situation, TargetState
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_spec
from tidemark.state.cause import NEWS, Cause, Restatement, Resync
from tidemark.state.changes import ChangedFile, Changes
from tidemark.state.codec import encode
from tidemark.state.effect import FileRef, ReplaceRanges
from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import BEGINNING, END, Interval, Ranges
from tidemark.state.watermark import Border, Position, Watermark

ZERO = datetime(2026, 4, 12, tzinfo=UTC)
LOGIC = "new"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One case, and the name of its file."""

    file: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.file}: {self.content['case']}"


def cases() -> list[Case]:
    """Return all cases of the YAML files beside this module."""
    return [case for path in sorted(HERE.glob("*.yaml")) for case in read_cases(path)]


def read_cases(path: Path) -> list[Case]:
    """Return the cases of one file."""
    return [Case(path.stem, content) for content in yaml.safe_load(path.read_text(encoding="utf-8"))]


def check(case: Case, folder: Path) -> None:
    """Check that the plan is the one that the case expects. The case's spec is written to `folder`."""
    then = dict(case.content["then"])
    if "refused" in then:
        with pytest.raises(RequestRefused, match=then["refused"]):
            plan_of(case.content, folder)
        return
    plan = plan_of(case.content, folder)
    expected_notes, excluded_notes = then.pop("notes", []), then.pop("no_note", [])
    assert facts_of(plan, then) == then
    assert [part for part in expected_notes if not any(part in note for note in plan.notes)] == [], plan.notes
    assert [part for part in excluded_notes if any(part in note for note in plan.notes)] == [], plan.notes


def instant(hours: float | str | None) -> datetime | None:
    """Read an instant of a case."""
    return None if hours is None else ZERO + timedelta(hours=float(hours))


def ranges(text: str | None) -> Ranges:
    """Read ranges of a case."""
    if not text:
        return ()
    return tuple(_interval(part.strip()) for part in str(text).split(","))


def _interval(text: str) -> Interval:
    start, end = text.split("..")
    return Interval(instant(start) if start else BEGINNING, instant(end) if end else END)  # type: ignore[arg-type]


def shown(value: Ranges | None) -> str:
    """Write ranges as a case does."""
    return ", ".join(f"{_hours(i.start, BEGINNING)}..{_hours(i.end, END)}" for i in value or ())


def _hours(at: datetime, limitless: datetime) -> str:
    return "" if at == limitless else f"{(at - ZERO) / timedelta(hours=1):g}"


def plan_of(content: Mapping[str, Any], folder: Path) -> Plan:
    """Return the plan that follows from a case. The case's spec is written to `folder`."""
    situation = situation_of(content, folder)
    needed = row_times_input(situation)
    unused = [name for name, i in content.get("inputs", {}).items() if "rows_at" in (i or {}) and name != needed]
    assert not unused, f"the plan does not depend on the row times of {unused}: remove rows_at"
    return make_plan(situation)


def situation_of(content: Mapping[str, Any], folder: Path) -> Situation:
    """Return the state of target and inputs in a case."""
    spec = _spec(content, folder)
    watermark = _watermark(content)
    inputs = {name: _input(spec, name, i or {}, watermark) for name, i in content.get("inputs", {}).items()}
    cause = _cause(content)
    return Situation(
        spec=spec,
        target=TargetState("target", 7, 1, watermark),
        inputs=inputs,
        fingerprint="fingerprint",
        logic=LOGIC,
        clock=ZERO,
        cause=cause,
        answered_by=content.get("answered_by"),
        landing=_landing(content),
    )


def _spec(content: Mapping[str, Any], folder: Path) -> DatasetSpec:
    mode, keys = content["mode"], dict(content.get("spec", {}))
    column = "day" if keys.pop("by_day", False) else "at"
    raw: dict[str, Any] = {"dataset": "test.target", "why": "A test.", "grain": ["id"], "mode": mode}
    raw["columns"] = {
        "id": {"type": "string", "required": True, "means": "an id"},
        "at": {"type": "timestamp", "required": True, "means": "when"},
        "day": {"type": "date", "required": True, "means": "the day"},
    }
    if "event_time" in MODES[mode].needed:
        raw |= {"event_time": column, "partition_by": [f"{'day' if column == 'day' else 'hour'}({column})"]}
    if "landing" in MODES[mode].needed:
        raw["landing"] = {
            "group": "g",
            "folders": ["f"],
            "parser": "tests.accounts.parsers:parse",
            "quarantine": "none",
        }
    else:
        raw["transform"] = "tests.accounts.transforms:build"
        raw["inputs"] = {name: _input_spec(i or {}) for name, i in content["inputs"].items()}
    path = folder / "target.yaml"
    path.write_text(yaml.safe_dump({**raw, **keys}, sort_keys=False), encoding="utf-8")
    return load_spec(path, {})


def _input_spec(raw: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("window", "rows", "optional", "waits_for", "keep", "touches", "read", "news_if")
    own = {"dataset": "test.target" if raw.get("own") else "test.feed"}
    return {**own, **{key: raw[key] for key in keys if key in raw}}


def _input(spec: DatasetSpec, name: str, raw: Mapping[str, Any], watermark: Watermark | None) -> InputState:
    changes = _changes(raw, watermark is not None and name in watermark.inputs)
    complete = instant(raw.get("complete"))
    event_time = None if raw.get("timeless") is not None or spec.event_time is None else "at"
    window = spec.inputs[name]
    return InputState(
        spec=window if event_time is None else replace(window, event_time=event_time),
        uuid=f"{name} table",
        head=changes.to_snapshot,
        changes=changes,
        complete_through=complete,
        final_through=instant(raw.get("final", raw.get("complete"))),
        published=raw.get("published", True),
        bounds=raw.get("bounds", True),
        own=raw.get("own", False),
        held_from=instant(raw.get("retained_from")),
        at_position=None if raw.get("position_expired") else 1,
        row_times=ranges(raw["rows_at"]) if "rows_at" in raw else None,
        without_news=raw.get("without_news", False),
    )


def _changes(raw: Mapping[str, Any], was_read: bool) -> Changes:
    appended, rewritten = _files(raw.get("appended")), _files(raw.get("rewritten"))
    timeless = raw.get("timeless") or 0
    kept = raw.get("content_kept", 0)
    moved = bool(appended or rewritten or timeless or kept)
    return Changes(
        from_snapshot=1 if was_read else None,
        to_snapshot=2 if moved else 1,
        appended=len(appended) + (1 if timeless else 0),
        rewritten=len(rewritten),
        kept=kept,
        files=tuple(sorted((*appended, *rewritten), key=lambda file: file.span)),
        timeless_rows=timeless,
    )


def _files(text: str | None) -> tuple[ChangedFile, ...]:
    return tuple(ChangedFile(span, 1) for span in ranges(text))


def _watermark(content: Mapping[str, Any]) -> Watermark | None:
    built = content.get("built")
    if built is None:
        return None
    return Watermark(
        session="before",
        snapshot=7,
        complete_through=instant(built.get("through")),
        final_through=instant(built.get("final", built.get("through"))),
        inputs={
            name: Position(f"{name} table", 1, instant((i or {}).get("was_complete", (i or {}).get("complete"))))
            for name, i in content.get("inputs", {}).items()
            if not (i or {}).get("own") and not (i or {}).get("new")
        },
        owed=ranges(built.get("owed")),
        overdue=ranges(built.get("overdue")),
        logic=built.get("logic", LOGIC),
        borders=tuple(Border(logic, instant(through)) for logic, through in built.get("borders", [])),
    )


def _cause(content: Mapping[str, Any]) -> Cause:
    if content.get("resync"):
        return Resync("a case asks for it")
    asked = content.get("restate")
    return Restatement(_interval(asked), "asked", "a case asks for it") if asked else NEWS


def _landing(content: Mapping[str, Any]) -> LandingState:
    found = content.get("landing", {})
    files = tuple(FileRef(name, 1, name) for name in found.get("files", []))
    by_rows = found.get("complete_by_rows", False)
    return LandingState(files, instant(found.get("complete")), by_rows, found.get("history", False))


def facts_of(plan: Plan, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a plan under the keys that a case expects."""
    facts: dict[str, Any] = {
        "effect": plan.effect.KIND,
        "ranges": shown(plan.ranges),
        "cleared": shown(plan.effect.cleared) if isinstance(plan.effect, ReplaceRanges) else "",
        "owed": shown(plan.owed),
        "overdue": shown(plan.overdue),
        "held_back": shown(plan.held_back),
        "through": _number(plan.complete_through),
        "final": _number(plan.final_through),
        "files": [file.path for file in plan.files],
        "reads": {name: _read(i) for name, i in plan.inputs.items()},
        "reads_snapshot": {name: i.read_snapshot for name, i in plan.inputs.items()},
        "positions": {name: position.snapshot for name, position in plan.watermark(0).inputs.items()},
        "logic": plan.watermark(0).logic,
        "borders": encode([(border.logic, _number(border.through)) for border in plan.borders]),
    }
    return {key: facts[key] for key in keys if key in facts}


def _number(at: datetime | None) -> float | None:
    return None if at is None else (at - ZERO) / timedelta(hours=1)


def _read(plan: InputPlan) -> str:
    if plan.added_only:
        return "added"
    return "all" if plan.reads is None else shown(plan.reads)
