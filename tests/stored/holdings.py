"""The description of a stored lake, by the version that wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.stored.half_done import HalfDone
from tidemark import session
from tidemark.catalog import Lake, ops
from tidemark.catalog.properties import WATERMARK
from tidemark.state.codec import encode
from tidemark.state.plan import Plan
from tidemark.steps.context import Context

Holdings = Mapping[str, Any]

NAME = "held.json"


def describe(context: Context, half_done: Mapping[str, HalfDone]) -> dict[str, Any]:
    """Describe a lake: rows, watermark and next decision of each table, and the unfinished sessions."""
    tables = {dataset: _table(context, dataset) for dataset in session.dependency_order(dict(context.specs))}
    return {
        "sessions": len(ops.rows(context.lake, "ops.sessions")),
        "half_done": {dataset: asdict(left) for dataset, left in half_done.items()},
        "tables": {dataset: held for dataset, held in tables.items() if held is not None},
    }


def _table(context: Context, dataset: str) -> dict[str, Any] | None:
    table = context.lake.find_table(dataset)
    if table is None:
        return None
    watermark = table.properties.get(WATERMARK)
    return {
        "rows": rows(context.lake, dataset),
        "watermark": json.loads(watermark) if watermark else None,
        "next": decision(session.plan(context, dataset)),
    }


def rows(lake: Lake, dataset: str) -> list[Any]:
    """Return all rows of main in a stable order, as JSON values."""
    return as_json(lake.table(dataset).scan().to_arrow().to_pylist())


def as_json(found: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Return rows in a stable order, as JSON values."""
    return sorted(json.loads(json.dumps(list(found), default=str)), key=lambda row: json.dumps(row, sort_keys=True))


def files(lake: Lake, dataset: str) -> set[str]:
    """Return the paths of the data files of main."""
    return {task.file.file_path for task in lake.table(dataset).scan().plan_files()}


def decision(plan: Plan) -> dict[str, Any]:
    """Return what a plan decides, without its notes and its id."""
    return {
        "how": plan.how.value,
        "ranges": encode(plan.ranges),
        "owed": encode(plan.owed),
        "overdue": encode(plan.overdue),
        "held_back": encode(plan.held_back),
        "complete_through": encode(plan.complete_through),
        "files": [file.path for file in plan.files],
    }


def write_holdings(held: Holdings, home: Path) -> None:
    """Write the description of a lake into its home."""
    (home / NAME).write_text(json.dumps(held, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_holdings(home: Path) -> Holdings:
    """Read the description that `write_holdings` wrote."""
    held: Holdings = json.loads((home / NAME).read_text(encoding="utf-8"))
    return held


def read_half_done(held: Holdings) -> dict[str, HalfDone]:
    """Return the unfinished sessions by dataset."""
    return {dataset: HalfDone(**left) for dataset, left in held["half_done"].items()}
