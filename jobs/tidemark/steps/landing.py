"""Gather the state of a source's landing folders: which files the table lacks, and how far it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tidemark.catalog import ops
from tidemark.errors import SpecError
from tidemark.landing.files.discovery import Content, content_of, discover, recorded_contents, settling_of
from tidemark.landing.files.unclaimed_files import find_unclaimed_files
from tidemark.landing.job import groups_of
from tidemark.planning import LandingState, Situation
from tidemark.state.effect import FileRef
from tidemark.state.ranges import floor
from tidemark.steps.context import Context


def landing_state(context: Context, situation: Situation) -> Situation:
    """Return the situation of a source, with its new files and its completeness.

    A home into which history is handed in sets `landing.completeness: data` in its settings. A source whose spec says
    `clock` is then complete through the end of the hour of its latest row, which only publish can know. For the first
    files of any source in such a home, the event time also counts as the time of arrival.
    """
    spec = situation.spec
    if spec.landing is None:
        raise SpecError(f"{spec.path}: a source needs a landing block. Add `landing:` with folders and parser")
    watermark = situation.target.watermark
    setting = str(context.settings.values.get("landing", {}).get("completeness", "clock"))
    completeness = setting if spec.landing.completeness == "clock" else spec.landing.completeness
    settled = floor(context.clock - settling_of(context.settings, spec.landing), "hour")
    by_rows = completeness == "data"
    landing = LandingState(
        files=_missing_files(context, situation),
        complete_through=settled if completeness == "clock" else None,
        complete_by_rows=by_rows,
        history=setting == "data" and watermark is None,
    )
    return replace(situation, landing=landing, notes=(*situation.notes, *_unclaimed_note(context)))


def _unclaimed_note(context: Context) -> tuple[str, ...]:
    """Name files in folders that no dataset reads: the folder's name may be mistyped."""
    found = find_unclaimed_files(context.settings.landing, context.specs.values())
    return (found.describe(),) if found.files else ()


def _missing_files(context: Context, situation: Situation) -> tuple[FileRef, ...]:
    """Return the files whose content this table has not landed yet."""
    spec = situation.spec
    groups = groups_of(spec, context.specs)
    landed = {content_of(row["path"], row["sha256"], groups) for row in _landed(context, situation)}
    found = discover(context.settings, spec, context.clock, groups)
    missing = [file for file in found if landed.isdisjoint(recorded_contents(file, groups))]
    return tuple(_with_first_seen_times(context, missing, groups))


def _landed(context: Context, situation: Situation) -> Iterable[Mapping[str, Any]]:
    """Return the recorded files of this very table, by its uuid; an earlier table of the same name does not count.

    Rows of an older release do not name the table. They count if the table has a watermark, because then it has
    landed something.
    """
    target = situation.target
    unnamed = target.uuid if target.watermark is not None else None
    rows = ops.rows(context.lake, LANDED, ops.of_dataset(situation.spec.dataset), ("path", "sha256", "table_uuid"))
    return (row for row in rows if (row["table_uuid"] or unnamed) == target.uuid)


def _with_first_seen_times(context: Context, files: list[FileRef], groups: Mapping[str, str]) -> Iterable[FileRef]:
    """Give each file the earliest `written_at` that any dataset has recorded for its content.

    Events in the future are recognized by that time. So if a file's modification time changes between two sessions,
    both still judge its records alike.
    """
    rows = ops.rows(context.lake, LANDED, columns=("path", "sha256", "written_at")) if files else []
    known: dict[Content, datetime] = {}
    for row in rows:
        if row["written_at"] is not None:
            content = content_of(row["path"], row["sha256"], groups)
            known[content] = min(row["written_at"], known.get(content, row["written_at"]))
    for file in files:
        recorded = [known[content] for content in recorded_contents(file, groups) if content in known]
        yield replace(file, written_at=min(recorded, default=file.written_at))


def end_of_hour(latest_event: datetime | None) -> datetime | None:
    """Return the end of the hour of the latest event, through which handed-in history is complete."""
    return None if latest_event is None else floor(latest_event, "hour") + timedelta(hours=1)


LANDED = "ops.landed_files"
