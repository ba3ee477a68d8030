"""Names of the properties, branches and catalog that the loop uses in tables and snapshots."""

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
"""Snapshot property: the attempt of the session that made it."""

PART_OF: Final = "tidemark.part-of"
"""Snapshot property: the staged snapshot of which this one holds only the partitions that differ from main."""

KNOWN_CHANGES: Final = "tidemark.known-changes"
"""Snapshot property: the times along the dataset's `known_time` at which the snapshot differs from its parent, as JSON
(`state/known_changes.py`)."""

CONTENT: Final = "tidemark.content"
"""Snapshot property: KEPT if the commit changed no row, CREATED for a table's first commit."""

ERASURE: Final = "tidemark.erasure"
"""Snapshot property of a commit that only removed the rows of a person: the reason that was given for it."""

KEPT: Final = "kept"
CREATED: Final = "created"

BRANCH_PREFIX: Final = "session_"


def branch_name(session: str, attempt: str) -> str:
    """Return the branch that one attempt of a session writes to. It has only letters, digits and underscores."""
    return f"{BRANCH_PREFIX}{session.replace('-', '_')}_{attempt}"


def branch_prefix(session: str) -> str:
    """Return the prefix of all branches of a session."""
    return f"{BRANCH_PREFIX}{session.replace('-', '_')}_"


def audited_snapshot(snapshot: Snapshot) -> int:
    """Return the id under which the rows of a published snapshot were audited: its own, or that of PART_OF."""
    return int(property_of(snapshot, PART_OF) or snapshot.snapshot_id)


def property_of(snapshot: Snapshot, key: str) -> str | None:
    """Return a property of the snapshot's summary; None if it is not set."""
    return None if snapshot.summary is None else snapshot.summary.additional_properties.get(key)
