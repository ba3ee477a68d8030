"""What became of the records of a session: the sum, and each file behind a click."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tidemark.airflow.pages import html
from tidemark.state.account import Account, by_interest, facts, lateness, total

MOST_FILES = 500
"""The most files that a page lists. `ops.record_accounts` holds all of them."""
OPEN_FILES = 20
"""Up to so many files are shown without a click."""

_HEAD = {
    "File": "below the landing folder",
    "Taken": "records",
    "Late": "of already complete times",
    "Doubled": "equal to an earlier record",
    "Refused": "in the quarantine",
    "Remarks": "as of this session",
}


def account_section(accounts: Sequence[Account]) -> str:
    """Return the section of a session's page; empty if the session has no account."""
    if not accounts:
        return ""
    files = by_interest(accounts)
    listed = html.table(_HEAD, (_row(file) for file in files[:MOST_FILES])) if files else ""
    more = (
        html.small(f"and {len(files) - MOST_FILES:,} more, in ops.record_accounts") if len(files) > MOST_FILES else ""
    )
    if len(files) > OPEN_FILES:
        listed = html.folded(f"{len(files):,} files", listed + more)
    return f'<section id="records"><h2>Records</h2>{html.items(facts(total(accounts)))}{listed}</section>'


def _row(file: Account) -> tuple[str, ...]:
    return (
        escape(file.path or ""),
        _number(file.taken),
        _number(file.late) + html.small(lateness(file)),
        _number(file.doubled),
        _number(file.refused),
        html.items(f"{number:,} {what}" for what, number in file.counts.items()),
    )


def _number(number: int | None) -> str:
    return html.DASH if number is None else f"{number:,}"
