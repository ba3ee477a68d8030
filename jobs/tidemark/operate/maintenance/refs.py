"""Drop branches that no session will publish any more, and tags of releases that are not kept any longer."""

from __future__ import annotations

from collections.abc import Iterable

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.refs import SnapshotRefType

from tidemark.catalog.branches import BRANCH_LIFE, begun_at
from tidemark.catalog.properties import BRANCH_PREFIX
from tidemark.operate import releases
from tidemark.steps.context import Context


def drop_old_branches(context: Context, dataset: str) -> int | None:
    """Drop the branches of sessions that began longer than BRANCH_LIFE ago.

    Returns the number of dropped branches; None if other commits kept coming first.
    """
    table = context.lake.table(dataset)
    oldest = context.clock - BRANCH_LIFE
    branches = [name for name in table.refs() if name.startswith(BRANCH_PREFIX)]
    return _drop(context, dataset, [name for name in branches if begun_at(table, name) < oldest])


def drop_old_tags(context: Context, dataset: str) -> int | None:
    """Drop the tags of retired releases, and old tags of releases whose row was never written.

    A tag is old if its snapshot is older than BRANCH_LIFE. Tags that no release made are kept. Returns the number of
    dropped tags; None if other commits kept coming first.
    """
    table = context.lake.table(dataset)
    tags = {n for n, r in table.refs().items() if r.snapshot_ref_type is SnapshotRefType.TAG}
    if not tags:
        return 0
    oldest = context.clock - BRANCH_LIFE
    old = {name for name in tags if begun_at(table, name) < oldest}
    retired = tags & releases.retired_releases(context)
    return _drop(context, dataset, retired | releases.tags_without_release(context, old))


def _drop(context: Context, dataset: str, names: Iterable[str]) -> int | None:
    """Drop branches or tags; return how many, or None if other commits kept coming first."""
    dropped = 0
    try:
        for name in sorted(names):
            dropped += context.lake.remove_ref(dataset, name)
    except CommitFailedException:
        return None
    return dropped
