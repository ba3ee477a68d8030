"""Which step a session that is not closed has reached, as its table and `ops` show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pyiceberg.table import Table

from tidemark.catalog import Lake
from tidemark.catalog.branches import begun_at
from tidemark.catalog.properties import PART_OF, SESSION, property_of
from tidemark.lineage.history import session_branches
from tidemark.operate.session_outcomes import Outcome, Session

STUCK_AFTER = timedelta(hours=3)
"""A session that is not published after this time is stuck. Each task of a session ends within two hours."""


@dataclass(frozen=True)
class Progress:
    """The step that an open session has reached, and since when by the machine's clock; None if that is not on record.

    A session whose process died looks like one in progress until the next session of its dataset.
    """

    step: str
    since: datetime | None


def find_progress(lake: Lake, session: Session) -> Progress | None:
    """Return how far a session is; None if it is closed, or ended without being published."""
    if session.outcome is Outcome.published:
        return Progress("commit", _audited_at(session))
    if session.outcome is not Outcome.planned:
        return None
    if session.audit is not None:
        return Progress("publish", _audited_at(session))
    table = lake.find_table(session.dataset)
    staged_at = _staged_at(table, session.session) if table is not None else None
    return Progress("audit", staged_at) if staged_at else Progress("write", session.recorded_at)


def is_stuck(session: Session, now: datetime) -> bool:
    """Whether a session was planned so long ago that its tasks must have ended."""
    is_open = session.outcome in (Outcome.planned, Outcome.published)
    return is_open and session.recorded_at is not None and now - session.recorded_at > STUCK_AFTER


def _audited_at(session: Session) -> datetime | None:
    return session.audit.recorded_at if session.audit else session.recorded_at


def _staged_at(table: Table, session: str) -> datetime | None:
    """Return when all rows of a session were staged on a branch; None if they are not."""
    for name in session_branches(table, session):
        head = table.snapshot_by_name(name)
        if head is not None and property_of(head, SESSION) == session and property_of(head, PART_OF) is None:
            return begun_at(table, name)
    return None
