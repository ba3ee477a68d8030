"""Source: files in. The plan is the list of files that the table lacks."""

from __future__ import annotations

from dataclasses import replace

from tidemark.errors import RequestRefused
from tidemark.modes.mode import Mode
from tidemark.planning.draft import draft, latest, touch_or_nothing
from tidemark.planning.situation import Situation
from tidemark.state.cause import NEWS
from tidemark.state.effect import NOTHING, TOUCH, AppendFiles, Effect
from tidemark.state.plan import Plan


def plan(situation: Situation) -> Plan:
    """Append the rows of new files; move completeness along where there are none.

    A range that was asked for lands what is missing, like any other session: it is no restatement.
    """
    if situation.resync:
        raise RequestRefused(
            f"{situation.spec.dataset}: landed files do not come twice, so a source is not rebuilt by a resync; move "
            f"main back to the snapshot that its watermark names, then run it without --resync"
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
    found = situation.landing
    return AppendFiles(found.files, found.history, found.complete_by_rows) if found.files else TOUCH


MODE = Mode(
    name="source",
    plan=plan,
    restate=plan,
    needed=("event_time", "partition_by", "landing"),
    refused=("transform", "inputs", "params", "replace", "catch_up_limit", "max_range", "on_change"),
)
