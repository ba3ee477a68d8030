"""What init asks of the landing folder: which files a source table lacks, and how far it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tidemark.catalog import ops
from tidemark.errors import SpecError
from tidemark.landing.files.discovery import Content, content_of, discover, on_record_as, settling_of
from tidemark.landing.files.unclaimed_files import find_unclaimed_files
from tidemark.landing.job import groups_of
from tidemark.planning import LandingState, Situation
from tidemark.state.effect import FileRef
from tidemark.state.ranges import floor
from tidemark.steps.context import Context


def landing_state(context: Context, situation: Situation) -> Situation:
    """The situation of a source, with its new files and its completeness.

    `landing.completeness` of the settings may say `data` for a home into which history is handed in: then a
    source is complete through the end of the last hour that it has seen, which only publish can know. What comes
    first into such a home arrived when it happened, also in a source that never says how far it is complete.
    """
    spec = situation.spec
    if spec.landing is None:
        raise SpecError(f"{spec.path}: a source needs a landing block; add landing: with folders and parser")
    watermark = situation.target.watermark
    setting = str(context.settings.values.get("landing", {}).get("completeness", "clock"))
    completeness = setting if spec.landing.completeness == "clock" else spec.landing.completeness
    settled = floor(context.clock - settling_of(context.settings, spec.landing), "hour")
    by_rows = completeness == "data"
    found = LandingState(
        files=_lacking(context, situation),
        complete_through=settled if completeness == "clock" else None,
        complete_by_rows=by_rows,
        history=setting == "data" and watermark is None,
    )
    return replace(situation, landing=found, notes=(*situation.notes, *_unclaimed(context)))


def _unclaimed(context: Context) -> tuple[str, ...]:
    """Name files in folders that no dataset looks into: the folder's name may be mistyped."""
    found = find_unclaimed_files(context.settings.landing, context.specs.values())
    return (found.describe(),) if found.files else ()


def _lacking(context: Context, situation: Situation) -> tuple[FileRef, ...]:
    """The files whose content this table has not landed."""
    spec = situation.spec
    groups = groups_of(spec, context.specs)
    landed = {content_of(row["path"], row["sha256"], groups) for row in _landed(context, situation)}
    found = discover(context.settings, spec, context.clock, groups)
    lacking = [file for file in found if landed.isdisjoint(on_record_as(file, groups))]
    return tuple(_as_first_seen(context, lacking, groups))


def _landed(context: Context, situation: Situation) -> Iterable[Mapping[str, Any]]:
    """What is on record for this very table, whatever another of its name has landed.

    Rows of an older release do not name the table: they count where it has a watermark, hence landed something.
    """
    target = situation.target
    unnamed = target.uuid if target.watermark is not None else None
    rows = ops.rows(context.lake, LANDED, ops.of_dataset(situation.spec.dataset), ("path", "sha256", "table_uuid"))
    return (row for row in rows if (row["table_uuid"] or unnamed) == target.uuid)


def _as_first_seen(context: Context, files: list[FileRef], groups: Mapping[str, str]) -> Iterable[FileRef]:
    """The files, as old as they were for the first session of any dataset that landed them.

    What lies in the future is judged by that age; a file that is touched between two sessions must not be
    refused by one and passed by by the other.
    """
    rows = ops.rows(context.lake, LANDED, columns=("path", "sha256", "written_at")) if files else []
    known: dict[Content, datetime] = {}
    for row in rows:
        if row["written_at"] is not None:
            content = content_of(row["path"], row["sha256"], groups)
            known[content] = min(row["written_at"], known.get(content, row["written_at"]))
    for file in files:
        ages = [known[content] for content in on_record_as(file, groups) if content in known]
        yield replace(file, written_at=min(ages, default=file.written_at))


def seen_through(latest_event: datetime | None) -> datetime | None:
    """The end of the hour that holds the latest event: handed-in history is whole through there."""
    return None if latest_event is None else floor(latest_event, "hour") + timedelta(hours=1)


LANDED = "ops.landed_files"
