"""Find the watermark that matches what main holds after somebody changed main by hand."""

from __future__ import annotations

from dataclasses import replace

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import table_name
from tidemark.catalog.properties import SESSION, property_of
from tidemark.errors import RequestRefused
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.target_integrity import is_history_cut, is_session, since_published, with_changed_rows
from tidemark.lineage.watermark_history import has_record, last_recorded, newest_record
from tidemark.spec import DatasetSpec
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context


def adoptable_watermark(context: Context, spec: DatasetSpec, table: Table) -> Watermark:
    """Return the watermark that matches what main holds.

    - If main was rolled back (or moved forward again): the watermark of the session whose rows main holds.
    - If rows of a landed table were erased, or the published snapshot has expired: the current watermark, with
      main's head as its snapshot.
    - If the table lost its watermark: the watermark that was recorded last.

    Raises:
        RequestRefused: If main was not changed by hand, or if no watermark matches what it holds.
    """
    current = watermark_of(table)
    known = current or _last_recorded_watermark(context, table)
    since = since_published(table, known) if known is not None else []
    if known is None or (current is not None and since is not None and not with_changed_rows(since)):
        raise RequestRefused(f"{spec.dataset}: main matches its watermark, so there is nothing to adopt")
    from_head = replace(known, snapshot=next(main_history(table)).snapshot_id)
    if since is not None and not with_changed_rows(since):
        return from_head
    if spec.landing is not None:
        _check_only_erased(context, table, known, since)
        return from_head
    return _recorded_watermark_on_main(context, table) or _watermark_after_expiry(context, table, known, from_head)


def _last_recorded_watermark(context: Context, table: Table) -> Watermark | None:
    """Return the watermark that was recorded last; None if main holds no snapshot that a session published."""
    name = table_name(table)
    if not has_record(context.lake, name, list(main_history(table))):
        return None
    return last_recorded(context.lake, name)


def _recorded_watermark_on_main(context: Context, table: Table) -> Watermark | None:
    """Return the recorded watermark of the session whose rows main holds."""
    return newest_record(context.lake, table_name(table), list(main_history(table)))


def _watermark_after_expiry(context: Context, table: Table, known: Watermark, from_head: Watermark) -> Watermark:
    """Return `from_head` if the published snapshot has expired and no remaining snapshot of main changed rows.

    Raises RequestRefused otherwise.
    """
    if is_history_cut(context.lake, table, known) and not with_changed_rows(list(main_history(table))):
        return from_head
    name = table_name(table)
    raise RequestRefused(
        f"{name}: main does not hold what a session published. Roll it back to a snapshot whose summary has "
        f"{SESSION}, {_rebuild_remedy(name, watermark_of(table))}"
    )


def _rebuild_remedy(name: str, current: Watermark | None) -> str:
    """Return the alternative to a rollback for a table with inputs. A table without a watermark cannot be resynced."""
    if current is not None:
        return f"or rebuild it from its inputs: tidemark run {name} --resync"
    return f"or move the table aside and build it again: tidemark run {name}"


def _check_only_erased(context: Context, table: Table, known: Watermark, since: list[Snapshot] | None) -> None:
    """Check that rows of a landed table were erased, and that no rows were rolled back or added.

    If the published snapshot has expired (`since` is None), check everything that is left of main's history.
    """
    moved = since is None and not is_history_cut(context.lake, table, known)
    left = with_changed_rows(list(main_history(table)) if since is None else since)
    if moved or any(is_session(snapshot) for snapshot in left):
        raise RequestRefused(
            f"{table_name(table)}: landed files are read only once, so the rows that were rolled back would be lost. "
            f"Instead, {_restore_remedy(table, known.snapshot)} (docs/runbooks/rolled-back.md)"
        )
    for snapshot in left:
        if not _erases(snapshot):
            raise RequestRefused(
                f"{table_name(table)}: snapshot {snapshot.snapshot_id} adds rows that no audit checked. Put them as "
                f"files into the landing folder, and {_restore_remedy(table, snapshot.parent_snapshot_id)} "
                f"(docs/runbooks/foreign-commit.md)"
            )


def _restore_remedy(table: Table, before: int | None) -> str:
    """Return how to restore a landed table whose main cannot be adopted to snapshot `before`."""
    if before is not None and table.snapshot_by_id(before) is not None:
        return f"move main back to snapshot {before}"
    return f"move the table aside and land its files again (snapshot {before}, its last good state, has expired)"


def _erases(snapshot: Snapshot) -> bool:
    """Return whether the snapshot removed more rows than it added.

    A file that is rewritten without some of its rows counts both as deleted and as added records.
    """
    added, deleted = (int(property_of(snapshot, f"{kind}-records") or 0) for kind in ("added", "deleted"))
    return added == 0 or added < deleted
