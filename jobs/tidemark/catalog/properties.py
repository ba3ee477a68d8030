"""Names under which the loop writes into tables and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyiceberg.table.snapshots import Snapshot

CATALOG: Final = "lake"

WATERMARK: Final = "tidemark.watermark"
"""Table property, and property of a staged snapshot: the watermark as JSON."""

SESSION: Final = "tidemark.session"
"""Snapshot property: the session that made it."""

ATTEMPT: Final = "tidemark.attempt"
"""Snapshot property: which attempt of the session made it."""

CONTENT: Final = "tidemark.content"
"""Snapshot property: KEPT where the commit changed no row, CREATED on a table's first commit."""

KEPT: Final = "kept"
CREATED: Final = "created"

BRANCH_PREFIX: Final = "session_"


def branch_name(session: str, attempt: str) -> str:
    """The branch that one attempt of a session writes to; letters, digits and underscores only."""
    return f"{BRANCH_PREFIX}{session.replace('-', '_')}_{attempt}"


def branch_prefix(session: str) -> str:
    """What all branches of a session begin with."""
    return f"{BRANCH_PREFIX}{session.replace('-', '_')}_"


def property_of(snapshot: Snapshot, key: str) -> str | None:
    """A property of the snapshot's summary."""
    return None if snapshot.summary is None else snapshot.summary.additional_properties.get(key)
