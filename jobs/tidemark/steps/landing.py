"""What init asks of the landing folder: which files a source table lacks, and how far it is complete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tidemark.errors import SpecError
from tidemark.lake import ops
from tidemark.landing.discovery import discover, settling_of
from tidemark.planning import Situation
from tidemark.ranges import floor
from tidemark.records import FileRef
from tidemark.steps.context import Context


def landing_state(context: Context, situation: Situation) -> Situation:
    """The situation of a source, with its new files and its completeness.

    `landing.completeness` of the settings may say `data` for a home into which history is handed in: then a
    source is complete through the end of the last hour that it has seen, which only publish can know. A table
    without a watermark holds nothing, whatever landed in another of its name.
    """
    spec = situation.spec
    if spec.landing is None:
        raise SpecError(f"{spec.path}: a source needs a landing block; add landing: with folders and parser")
    watermark = situation.target.watermark
    found = discover(context.settings, spec, context.clock)
    landed = _landed(context, spec.dataset) if watermark is not None else set()
    completeness = _completeness(context, spec.landing.completeness)
    settled = floor(context.clock - settling_of(context.settings, spec.landing), "hour")
    return replace(
        situation,
        files=_lacking(found, landed),
        completeness=completeness,
        history=completeness == "data" and watermark is None,
        landed_through=settled if completeness == "clock" else None,
    )


def _completeness(context: Context, of_spec: str) -> str:
    setting = context.settings.values.get("landing", {}).get("completeness", "clock")
    return str(setting) if of_spec == "clock" else of_spec


def _landed(context: Context, dataset: str) -> set[str]:
    closed = ops.rows(context.lake, "ops.landed_files", ops.of_dataset(dataset), ("sha256",))
    return {row["sha256"] for row in closed}


def _lacking(found: Iterable[FileRef], landed: set[str]) -> tuple[FileRef, ...]:
    return tuple(file for file in found if file.sha256 not in landed)


def seen_through(latest_event: datetime | None) -> datetime | None:
    """The end of the hour that holds the latest event: handed-in history is whole through there."""
    return None if latest_event is None else floor(latest_event, "hour") + timedelta(hours=1)
