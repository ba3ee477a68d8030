"""`tidemark watermarks` and `tidemark sessions`: what the tables say of themselves."""

from __future__ import annotations

import argparse
from datetime import datetime

from tidemark.catalog import Lake, ops
from tidemark.cli.lakes import lake_there
from tidemark.lineage.history import published_snapshot
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import sort_by_succession
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
from tidemark.state.plan import Plan
from tidemark.state.ranges import describe, format_instant
from tidemark.state.watermark import Watermark
from tidemark.steps.context import find_spec


def watermarks(options: argparse.Namespace) -> int:
    """One line a dataset: through when it is complete and final, and which session built it."""
    settings = load_settings()
    lake = lake_there(settings)
    names = sorted(load_specs(settings.schemas, settings.values))
    width = max(len(name) for name in names)
    for name in names:
        table = lake.find_table(name)
        print(f"{name:<{width}}  {_line(watermark_of(table) if table is not None else None)}")
    return 0


def _line(mark: Watermark | None) -> str:
    if mark is None:
        return "nothing published"
    through, final = _instant(mark.complete_through), _instant(mark.final_through)
    parts = [f"complete through {through}", f"final through {final}", f"session {mark.session}"]
    both = (("owed", mark.owed), ("overdue", mark.overdue))
    parts += [f"{word} {describe(ranges)}" for word, ranges in both if ranges]
    parts += [f"built by logic {border.logic} before {_instant(border.through)}" for border in mark.borders]
    return "  ".join(parts)


def _instant(instant: datetime | None) -> str:
    return format_instant(instant) if instant else "unbounded"


def sessions(options: argparse.Namespace) -> int:
    """The latest sessions, newest first by the clock of their runs, else by what each followed: what they rebuilt."""
    settings = load_settings()
    where = None
    if options.dataset is not None:
        where = ops.of_dataset(find_spec(load_specs(settings.schemas, settings.values), options.dataset).dataset)
    lake = lake_there(settings)
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
        state = f"complete through {_instant(mark.complete_through)}" if mark is not None else _open(lake, plan)
        print(_session(plan, row["planned_at"], state))
    if not planned:
        print("no session yet")
    return 0


def _open(lake: Lake, plan: Plan) -> str:
    """How far a session came that is not closed: what is on main decides."""
    table = lake.find_table(plan.dataset)
    if table is None or str(table.metadata.table_uuid) != plan.table_uuid:
        return "not published: its table is gone"
    if published_snapshot(table, plan) is not None:
        return "published, to be closed by the next session"
    current = watermark_of(table)
    if (current.session if current else None) != (plan.previous.session if plan.previous else None):
        return "not published: another session was first"
    return "not published yet"


def _session(plan: Plan, at: datetime, state: str) -> str:
    reason = plan.cause.reason
    parts = [f"{_instant(at):<18} {plan.session:<22} {plan.dataset:<32} {plan.how:<10}", state]
    parts += [f"rebuilds {describe(plan.ranges)}"] if plan.ranges else []
    parts += [f"by hand: {reason}"] if reason else []
    return "  ".join(parts)
