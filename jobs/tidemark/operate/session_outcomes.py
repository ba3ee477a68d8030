"""Which sessions there were, and what became of each: read from `ops` and table metadata, without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pyiceberg.expressions import BooleanExpression

from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import one_of
from tidemark.lineage.history import published_snapshot
from tidemark.lineage.publish_commit import last_session
from tidemark.lineage.watermark_history import sort_by_succession
from tidemark.operate.audit_verdicts import AuditVerdict, read_verdicts
from tidemark.state.plan import Plan

COLUMNS = ("session", "dataset", "how", "planned_at", "recorded_at", "run")
"""The columns of `ops.sessions` that a list needs. Plans are large, so they are read only where they are shown."""


class Outcome(StrEnum):
    """What became of a session, in the words that people read."""

    closed = "published and closed"
    published = "published; the next session closes it"
    audit_failed = "not published: its audit failed"
    lost = "not published: another session published first"
    table_gone = "not published: its table is gone"
    planned = "not published yet"


@dataclass(frozen=True)
class Session:
    """A session and its outcome.

    `planned_at` is the clock of its run. `recorded_at` is the machine's clock when it was planned, None for a session
    of an older version. `complete_through` is set by a closed session; None also if nothing limits its table. `audit`
    is None if no check of it is on record.
    """

    session: str
    dataset: str
    how: str
    planned_at: datetime
    recorded_at: datetime | None
    run: str | None
    outcome: Outcome
    complete_through: datetime | None
    audit: AuditVerdict | None


def newest_sessions(lake: Lake, where: BooleanExpression | None = None) -> list[dict[str, Any]]:
    """Return the rows of `ops.sessions`, newest first, with the columns COLUMNS.

    The machine's clock decides. Rows of older versions have none; they come last, in the order of their run's clock
    and, if two clocks are equal, with the session that followed the other first.
    """
    rows = ops.rows(lake, "ops.sessions", where, COLUMNS)
    places = _places(lake, where) if any(row["recorded_at"] is None for row in rows) else {}

    def age(row: Mapping[str, Any]) -> tuple[bool, datetime, int]:
        recorded = row["recorded_at"]
        return recorded is not None, recorded or row["planned_at"], places.get(row["session"], len(places))

    return sorted(rows, key=age, reverse=True)


def _places(lake: Lake, where: BooleanExpression | None) -> dict[str, int]:
    """Return the place of each closed session in the order in which sessions followed each other."""
    columns = ("session", "previous", "current", "committed_at")
    closed = sort_by_succession(ops.rows(lake, "ops.high_watermarks", where, columns))
    return {row["session"]: number for number, row in enumerate(closed)}


def with_outcomes(lake: Lake, rows: Sequence[Mapping[str, Any]]) -> list[Session]:
    """Return the sessions of the given rows of `ops.sessions`, in the same order, each with its outcome."""
    if not rows:
        return []
    among = one_of("session", (row["session"] for row in rows))
    closed = {
        row["session"]: row["complete_through"]
        for row in ops.rows(lake, "ops.high_watermarks", among, ("session", "complete_through"))
    }
    verdicts = read_verdicts(lake, among)
    plans = read_plans(lake, (row["session"] for row in rows if row["session"] not in closed))
    return [
        Session(
            **{name: row[name] for name in COLUMNS},
            outcome=_outcome(lake, row["session"], closed, plans, verdicts.get(row["session"])),
            complete_through=closed.get(row["session"]),
            audit=verdicts.get(row["session"]),
        )
        for row in rows
    ]


def read_plans(lake: Lake, sessions: Iterable[str]) -> dict[str, Plan]:
    """Return the stored plans of sessions, by session."""
    wanted = set(sessions)
    if not wanted:
        return {}
    rows = ops.rows(lake, "ops.sessions", one_of("session", wanted), ("session", "plan"))
    return {row["session"]: Plan.from_json(row["plan"]) for row in rows}


def _outcome(
    lake: Lake,
    session: str,
    closed: Mapping[str, datetime | None],
    plans: Mapping[str, Plan],
    audit: AuditVerdict | None,
) -> Outcome:
    if session in closed:
        return Outcome.closed
    return _open_outcome(lake, plans[session], audit)


def _open_outcome(lake: Lake, plan: Plan, audit: AuditVerdict | None) -> Outcome:
    """Return the outcome of a session that is not closed, judged by what main holds and by its audit.

    A failed audit comes before what other sessions did later: it is why this session did not publish.
    """
    table = lake.find_table(plan.dataset)
    if table is None or str(table.metadata.table_uuid) != plan.table_uuid:
        return Outcome.table_gone
    if published_snapshot(table, plan) is not None:
        return Outcome.published
    if audit is not None and audit.failed:
        return Outcome.audit_failed
    if last_session(table.metadata) != (plan.previous.session if plan.previous else None):
        return Outcome.lost
    return Outcome.planned
