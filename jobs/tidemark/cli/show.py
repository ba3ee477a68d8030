"""`tidemark watermarks` and `tidemark sessions`: show the state that the tables record."""

from __future__ import annotations

import argparse
from datetime import datetime
from importlib.metadata import entry_points

from tidemark.catalog import Lake, ops
from tidemark.cli.lakes import open_existing_lake
from tidemark.lineage.history import published_snapshot
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import sort_by_succession
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
from tidemark.state.plan import Plan
from tidemark.state.ranges import describe, format_instant
from tidemark.state.watermark import Watermark
from tidemark.steps.context import find_spec

REMARKS = "tidemark.remarks"
"""The group of entry points that add a line to a dataset. Each is named after the dataset, and is a function
`remark(lake) -> str | None`."""


def watermarks(options: argparse.Namespace) -> int:
    """Print a line for each dataset: through when it is complete and final, and which session built it."""
    settings = load_settings()
    lake = open_existing_lake(settings)
    names = sorted(load_specs(settings.schemas, settings.values))
    width = max(len(name) for name in names)
    remarks = {entry.name: entry for entry in entry_points(group=REMARKS)}
    for name in names:
        table = lake.find_table(name)
        print(f"{name:<{width}}  {_describe_watermark(watermark_of(table) if table is not None else None)}")
        remark = remarks[name].load()(lake) if name in remarks else None
        if remark:
            print(f"{'':<{width}}  {remark}")
    return 0


def _describe_watermark(mark: Watermark | None) -> str:
    if mark is None:
        return "nothing published"
    through, final = _instant(mark.complete_through), _instant(mark.final_through)
    parts = [f"complete through {through}", f"final through {final}", f"session {mark.session}"]
    waiting = (("owed", mark.owed), ("overdue", mark.overdue))
    parts += [f"{word} {describe(ranges)}" for word, ranges in waiting if ranges]
    parts += [f"built by logic {border.logic} before {_instant(border.through)}" for border in mark.borders]
    return "  ".join(parts)


def _instant(instant: datetime | None) -> str:
    return format_instant(instant) if instant else "unbounded"


def sessions(options: argparse.Namespace) -> int:
    """Print the latest sessions, newest first, with what they rebuilt and how far they got.

    They are sorted by the clock of their runs. If two clocks are equal, the session that followed the other comes
    first.
    """
    settings = load_settings()
    where = None
    if options.dataset is not None:
        where = ops.of_dataset(find_spec(load_specs(settings.schemas, settings.values), options.dataset).dataset)
    lake = open_existing_lake(settings)
    planned = ops.rows(lake, "ops.sessions", where, ("session", "plan", "planned_at"))
    marks = sort_by_succession(
        ops.rows(lake, "ops.high_watermarks", where, ("session", "previous", "current", "committed_at"))
    )
    closed = {row["session"]: Watermark.from_json(row["current"]) for row in marks}
    place = {session: number for number, session in enumerate(closed)}
    last = len(place)
    newest = sorted(planned, key=lambda row: (row["planned_at"], place.get(row["session"], last)), reverse=True)
    for row in newest[: max(options.last, 0)]:
        plan = Plan.from_json(row["plan"])
        mark = closed.get(plan.session)
        state = (
            f"complete through {_instant(mark.complete_through)}" if mark is not None else _describe_open(lake, plan)
        )
        print(_describe_session(plan, row["planned_at"], state))
    if not planned:
        print("no session yet")
    return 0


def _describe_open(lake: Lake, plan: Plan) -> str:
    """Describe how far a session got that is not closed, judged by what main holds."""
    table = lake.find_table(plan.dataset)
    if table is None or str(table.metadata.table_uuid) != plan.table_uuid:
        return "not published: its table is gone"
    if published_snapshot(table, plan) is not None:
        return "published; the next session closes it"
    current = watermark_of(table)
    if (current.session if current else None) != (plan.previous.session if plan.previous else None):
        return "not published: another session published first"
    return "not published yet"


def _describe_session(plan: Plan, at: datetime, state: str) -> str:
    reason = plan.cause.reason
    parts = [f"{_instant(at):<18} {plan.session:<22} {plan.dataset:<32} {plan.how:<10}", state]
    parts += [f"rebuilds {describe(plan.ranges)}"] if plan.ranges else []
    parts += [f"by hand: {reason}"] if reason else []
    return "  ".join(parts)
