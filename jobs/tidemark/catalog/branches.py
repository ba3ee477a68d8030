"""Session branches: how long they live, and since when.

Iceberg counts the age of a branch from the commit time of its head. A branch that was made on an old base
would be born too old, so its limit says how old the base was; from this its beginning is known.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from pyiceberg.table import Table

from tidemark.catalog.properties import SESSION, branch_prefix, property_of

BRANCH_LIFE = timedelta(days=14)
"""How long an unfinished session's branch protects its files; long enough for a person to look at it."""

_LIFE_MS = int(BRANCH_LIFE.total_seconds() * 1000)


def create_branch(table: Table, name: str, snapshot_id: int) -> None:
    """Create a branch on a snapshot; it ends by itself after BRANCH_LIFE at the earliest."""
    base = table.snapshot_by_id(snapshot_id)
    age = max(0, int(time.time() * 1000) - base.timestamp_ms) if base is not None else 0
    table.manage_snapshots().create_branch(snapshot_id, name, max_ref_age_ms=age + _LIFE_MS).commit()


def begun_at(table: Table, name: str) -> datetime:
    """When a session began to use its branch: when it staged, else when the branch was made."""
    ref, head = table.refs()[name], table.snapshot_by_name(name)
    assert head is not None, "a branch stands on a snapshot"
    session = property_of(head, SESSION)
    staged = session is not None and name.startswith(branch_prefix(session))
    base_age = 0 if staged or ref.max_ref_age_ms is None else ref.max_ref_age_ms - _LIFE_MS
    return datetime.fromtimestamp((head.timestamp_ms + base_age) / 1000, UTC)
