"""Session branches: when they began, and how long they live.

Iceberg counts the age of a branch from the commit time of its head. A branch on an old snapshot would be too old at
once. So the age limit of a new branch is BRANCH_LIFE plus the age of the snapshot, from which the time of the branch's
creation can be calculated.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from pyiceberg.table import Table

from tidemark.catalog.properties import SESSION, branch_prefix, property_of

BRANCH_LIFE = timedelta(days=14)
"""How long the branch of an unfinished session protects its files. People need some time to look at them."""

_LIFE_MS = int(BRANCH_LIFE.total_seconds() * 1000)


def create_branch(table: Table, name: str, snapshot_id: int) -> None:
    """Create a branch on a snapshot. Iceberg may drop it after BRANCH_LIFE."""
    base = table.snapshot_by_id(snapshot_id)
    age = max(0, int(time.time() * 1000) - base.timestamp_ms) if base is not None else 0
    table.manage_snapshots().create_branch(snapshot_id, name, max_ref_age_ms=age + _LIFE_MS).commit()


def begun_at(table: Table, name: str) -> datetime:
    """Return when a session staged its rows on a branch, or else when the branch was created.

    For a branch or tag without an age limit, such as a release's tag, return the commit time of its snapshot.
    """
    ref, head = table.refs()[name], table.snapshot_by_name(name)
    assert head is not None, "every branch and tag points to a snapshot"
    session = property_of(head, SESSION)
    staged = session is not None and name.startswith(branch_prefix(session))
    base_age = 0 if staged or ref.max_ref_age_ms is None else ref.max_ref_age_ms - _LIFE_MS
    return datetime.fromtimestamp((head.timestamp_ms + base_age) / 1000, UTC)
