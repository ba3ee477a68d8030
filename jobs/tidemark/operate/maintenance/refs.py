"""Branches that no session will publish any more, and tags of releases that have had their time."""

from __future__ import annotations

from collections.abc import Iterable

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.refs import SnapshotRefType

from tidemark.catalog.branches import BRANCH_LIFE, begun
from tidemark.catalog.properties import BRANCH_PREFIX
from tidemark.operate import releases
from tidemark.steps.context import Context


def drop_old_branches(context: Context, dataset: str) -> int | None:
    """Drop the branches of sessions that began longer than BRANCH_LIFE ago; None where one could not be."""
    table = context.lake.table(dataset)
    oldest = context.clock - BRANCH_LIFE
    return _drop(
        context, dataset, [n for n in table.refs() if n.startswith(BRANCH_PREFIX) and begun(table, n) < oldest]
    )


def drop_old_tags(context: Context, dataset: str) -> int | None:
    """Drop the tags of retired releases, and of those that died; tags that no release of ours made stay."""
    table = context.lake.table(dataset)
    tags = {n for n, r in table.refs().items() if r.snapshot_ref_type is SnapshotRefType.TAG}
    if not tags:
        return 0
    oldest = context.clock - BRANCH_LIFE
    resting = {name for name in tags if begun(table, name) < oldest}
    return _drop(context, dataset, tags & releases.retired(context) | releases.left_over(context, resting))


def _drop(context: Context, dataset: str, names: Iterable[str]) -> int | None:
    dropped = 0
    try:
        for name in sorted(names):
            dropped += context.lake.remove_ref(dataset, name)
    except CommitFailedException:
        return None
    return dropped
