"""Which watermark goes with what main holds, after somebody's hand was on it."""

from __future__ import annotations

from dataclasses import replace

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.errors import RequestRefused
from tidemark.lake.commits import watermark_of
from tidemark.lake.history import main_line, property_of
from tidemark.lake.own_hands import changing, is_cut, is_session, since_published
from tidemark.lake.properties import SESSION
from tidemark.lake.touched import newest_record
from tidemark.records import Watermark
from tidemark.spec import DatasetSpec
from tidemark.steps.context import Context


def adoptable(context: Context, spec: DatasetSpec, table: Table) -> Watermark:
    """The watermark that goes with what main holds.

    Of a table that was rolled back (or forward again) the one of the session whose rows main holds; of a landed
    table from which rows were erased, and of one whose published snapshot expired, the current one, counting from
    main's head. Raises RequestRefused where nothing happened, or nothing that a watermark could be found for.
    """
    current = watermark_of(table)
    since = since_published(table, current) if current is not None else []
    if current is None or (since is not None and not changing(since)):
        raise RequestRefused(f"{spec.dataset}: main holds what its watermark says; there is no rollback to adopt")
    from_head = replace(current, snapshot=next(main_line(table)).snapshot_id)
    if is_cut(table, current):
        return from_head
    if spec.mode != "source":
        return _of_session(context, spec.dataset, table)
    _check_only_erased(spec.dataset, since)
    return from_head


def _of_session(context: Context, dataset: str, table: Table) -> Watermark:
    """The record of the session whose rows main holds."""
    record = newest_record(context.lake, dataset, main_line(table))
    if record is None:
        raise RequestRefused(
            f"{dataset}: main does not hold what a session published; roll it back to a snapshot whose summary has "
            f"{SESSION}, or rebuild it from its inputs: tidemark run {dataset} --resync"
        )
    return record


def _check_only_erased(dataset: str, since: list[Snapshot] | None) -> None:
    """See that rows of a landed table went, and none was rolled back or added."""
    if since is None or any(is_session(snapshot) for snapshot in changing(since)):
        raise RequestRefused(
            f"{dataset}: landed files do not come twice, so what was rolled back would be lost; move main back to the "
            f"snapshot that its watermark names (docs/runbooks/rolled-back.md)"
        )
    for snapshot in changing(since):
        if not _erases(snapshot):
            raise RequestRefused(
                f"{dataset}: snapshot {snapshot.snapshot_id} adds rows that nobody checked; bring them as files into "
                f"the landing folder, and move main back to the snapshot before it (docs/runbooks/foreign-commit.md)"
            )


def _erases(snapshot: Snapshot) -> bool:
    """Whether it took rows away and added none: a file that is rewritten without some rows counts as both."""
    added, deleted = (int(property_of(snapshot, f"{what}-records") or 0) for what in ("added", "deleted"))
    return added == 0 or added < deleted
