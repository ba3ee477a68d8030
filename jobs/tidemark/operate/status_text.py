"""Words for a status, shared by the command line and the pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tidemark.operate.accounts import SessionAccount
from tidemark.operate.session_outcomes import Session
from tidemark.operate.status import DatasetStatus
from tidemark.operate.waiting import Wait
from tidemark.state.account import facts
from tidemark.state.ranges import format_instant


def shown_instant(instant: datetime | None) -> str:
    """Return an instant to the minute, or a dash."""
    return format_instant(instant.replace(second=0, microsecond=0)) if instant else "-"


def describe_behind(dataset: DatasetStatus) -> str:
    """Return how far a dataset is behind, for example `2.5 h`."""
    if dataset.hours_behind is None:
        return "-"
    return f"{dataset.hours_behind:,.1f} h"


def describe_deadline(dataset: DatasetStatus) -> str:
    """Return how far a dataset may be behind, and how far it is, for example `behind by 5.0 h, fresh within 3 h`."""
    return f"behind by {describe_behind(dataset)}, fresh within {dataset.fresh_within_hours or 0:g} h"


def describe_last(session: Session | None) -> str:
    """Return a line about the last session: its outcome, and when it was audited, by which clock."""
    if session is None:
        return "none yet"
    return f"{session.session}: {session.outcome}{_audited(session)}"


def _audited(session: Session) -> str:
    audit = session.audit
    if audit is None:
        return ""
    at = f" at {shown_instant(audit.recorded_at)}" if audit.recorded_at else ""
    return f"; audit {audit.word}{at} (clock {shown_instant(audit.audited_at)})"


def describe_progress(dataset: DatasetStatus) -> str:
    """Return the step in which the last session is, and since when; empty if it is not in progress."""
    if dataset.progress is None:
        return ""
    since = dataset.progress.since
    return dataset.progress.step + (f" since {shown_instant(since)}" if since else "")


def describe_waits(waits: Iterable[Wait]) -> str:
    """Return the inputs that limit a dataset, and how far each is complete."""
    return ", ".join(
        f"{wait.dataset} (complete through {shown_instant(wait.through)})"
        if wait.through
        else f"{wait.dataset} (nothing published)"
        for wait in waits
    )


def describe_account(account: SessionAccount) -> str:
    """Return what became of the records of a session, for example `812 taken, 2 doubled; of 3 files`."""
    files = f"; of {account.files:,} {'file' if account.files == 1 else 'files'}" if account.files else ""
    return ", ".join(facts(account.total)) + files
