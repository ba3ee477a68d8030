"""Source: a table of landed files. The plan lists the files that the table has not landed yet."""

from __future__ import annotations

from dataclasses import replace

from tidemark.errors import RequestRefused
from tidemark.modes.mode import Mode
from tidemark.planning.draft import draft, latest, touch_or_nothing
from tidemark.planning.situation import Situation
from tidemark.spec.model import DatasetSpec
from tidemark.state.cause import NEWS
from tidemark.state.effect import NOTHING, TOUCH, AppendFiles, Effect
from tidemark.state.plan import Plan


def plan(situation: Situation) -> Plan:
    """Append the records of new files; if there are none, move only the completeness.

    If a range is requested, the session lands all missing files like any other session; it is not a restatement.
    Raises RequestRefused for a resync.
    """
    if situation.resync:
        raise RequestRefused(
            f"{situation.spec.dataset}: a source cannot be rebuilt by a resync, because a landed file is not read "
            f"twice. Move main back to the snapshot that its watermark names, then run it without --resync"
        )
    planned = draft(replace(situation, cause=NEWS), _effect(situation))
    through = latest(planned.complete_through, situation.landing.complete_through)
    planned = replace(planned, complete_through=through, final_through=through)
    if situation.landing.files:
        return planned
    if planned.previous is None:
        return replace(planned, effect=NOTHING, notes=(*planned.notes, "no file to land yet"))
    return replace(planned, effect=touch_or_nothing(planned))


def _effect(situation: Situation) -> Effect:
    landing = situation.landing
    return AppendFiles(landing.files, landing.history, landing.complete_by_rows) if landing.files else TOUCH


def completeness(spec: DatasetSpec, where: str) -> str:
    """Return how complete a landed table is."""
    if spec.landing is not None and spec.landing.completeness == "static":
        return (
            "Files may arrive at any time. Nothing waits for this table, and there is no time through which it is "
            "complete."
        )
    return f"It is complete through the last hour whose files have had time to settle. {where}"


MODE = Mode(
    name="source",
    meaning="its rows come from files",
    plan=plan,
    restate=plan,
    needed=("event_time", "partition_by", "landing"),
    refused=("transform", "inputs", "params", "replace", "catch_up_limit", "max_range", "on_change"),
    completeness=completeness,
)
