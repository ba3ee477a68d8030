"""`tidemark watermarks` and `tidemark sessions`: show the state that the tables record."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from tidemark.catalog import ops
from tidemark.cli.as_json import print_json
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.remarks import read_remarks
from tidemark.operate.session_outcomes import Outcome, Session, newest_sessions, read_plans, with_outcomes
from tidemark.operate.status import find_watermark
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
from tidemark.state.codec import encode
from tidemark.state.plan import Plan
from tidemark.state.ranges import describe, format_instant
from tidemark.state.watermark import Watermark
from tidemark.steps.context import find_spec


def watermarks(options: argparse.Namespace) -> int:
    """Print a line for each dataset: through when it is complete and final, and which session built it."""
    settings = load_settings()
    lake = open_existing_lake(settings)
    names = sorted(load_specs(settings.schemas, settings.values))
    width = max(len(name) for name in names)
    remarks = read_remarks(lake)
    marks = {name: find_watermark(lake, name) for name in names}
    if options.json:
        print_json({"datasets": {name: {"watermark": marks[name], "remark": remarks.get(name)} for name in names}})
        return 0
    for name in names:
        print(f"{name:<{width}}  {_describe_watermark(marks[name])}")
        if name in remarks:
            print(f"{'':<{width}}  {remarks[name]}")
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
    """Print the latest sessions, newest first, with what they rebuilt and how far they got."""
    settings = load_settings()
    where = None
    if options.dataset is not None:
        where = ops.of_dataset(find_spec(load_specs(settings.schemas, settings.values), options.dataset).dataset)
    lake = open_existing_lake(settings)
    newest = newest_sessions(lake, where)
    shown = with_outcomes(lake, newest[: max(options.last, 0)])
    plans = read_plans(lake, (session.session for session in shown))
    if options.json:
        print_json({"sessions": [_facts(session, plans[session.session]) for session in shown]})
        return 0
    for session in shown:
        print(_describe_session(session, plans[session.session]))
    if not newest:
        print("no session yet")
    return 0


def _facts(session: Session, plan: Plan) -> dict[str, Any]:
    return {**encode(session), "rebuilds": plan.ranges, "reason": plan.cause.reason}


def _describe_session(session: Session, plan: Plan) -> str:
    reason = plan.cause.reason
    closed = session.outcome is Outcome.closed
    state = f"complete through {_instant(session.complete_through)}" if closed else session.outcome
    at = _instant(session.planned_at)
    parts = [f"{at:<18} {session.session:<22} {session.dataset:<32} {session.how:<10}", state]
    parts += [f"rebuilds {describe(plan.ranges)}"] if plan.ranges else []
    parts += [f"by hand: {reason}"] if reason else []
    return "  ".join(parts)
