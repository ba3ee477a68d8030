"""Branches that no session will publish any more, and tags of releases that have had their time."""

from __future__ import annotations

from collections.abc import Iterable

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.refs import SnapshotRefType

from tidemark import releases
from tidemark.lake.branches import BRANCH_LIFE, begun
from tidemark.lake.properties import BRANCH_PREFIX
from tidemark.steps.context import Context


def drop_old_branches(context: Context, dataset: str) -> int | None:
    """Drop the branches of sessions that began longer than BRANCH_LIFE ago; None where one could not be."""
    table = context.lake.table(dataset)
    oldest = context.clock - BRANCH_LIFE
    return _drop(
        context, dataset, [n for n in table.refs() if n.startswith(BRANCH_PREFIX) and begun(table, n) < oldest]
    )


def drop_old_tags(context: Context, dataset: str) -> int | None:
    """Drop the tags of retired releases; tags that no release of ours made stay."""
    tags = {n for n, r in context.lake.table(dataset).refs().items() if r.snapshot_ref_type is SnapshotRefType.TAG}
    return _drop(context, dataset, tags & releases.retired(context)) if tags else 0


def _drop(context: Context, dataset: str, names: Iterable[str]) -> int | None:
    dropped = 0
    try:
        for name in sorted(names):
            dropped += context.lake.remove_ref(dataset, name)
    except CommitFailedException:
        return None
    return dropped
