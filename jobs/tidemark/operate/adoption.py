"""Which watermark goes with what main holds, after somebody's hand was on it."""

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


def adoptable(context: Context, spec: DatasetSpec, table: Table) -> Watermark:
    """The watermark that goes with what main holds.

    Of a table that was rolled back (or forward again) the one of the session whose rows main holds; of a landed
    table from which rows were erased, and of one whose published snapshot expired, the current one, counting from
    main's head; of a table that lost its watermark the one that was recorded last. Raises RequestRefused where
    nothing happened, or nothing that a watermark could be found for.
    """
    current = watermark_of(table)
    known = current or _recorded(context, table)
    since = since_published(table, known) if known is not None else []
    if known is None or (current is not None and since is not None and not with_changed_rows(since)):
        raise RequestRefused(f"{spec.dataset}: main holds what its watermark says; there is no rollback to adopt")
    from_head = replace(known, snapshot=next(main_history(table)).snapshot_id)
    if since is not None and not with_changed_rows(since):
        return from_head
    if spec.landing is not None:
        _check_only_erased(context, table, known, since)
        return from_head
    return _of_session(context, table) or _if_cut(context, table, known, from_head)


def _recorded(context: Context, table: Table) -> Watermark | None:
    """The watermark that was recorded last, of a table whose main holds what a session published."""
    name = table_name(table)
    if not has_record(context.lake, name, list(main_history(table))):
        return None
    return last_recorded(context.lake, name)


def _of_session(context: Context, table: Table) -> Watermark | None:
    """The record of the session whose rows main holds."""
    return newest_record(context.lake, table_name(table), list(main_history(table)))


def _if_cut(context: Context, table: Table, known: Watermark, from_head: Watermark) -> Watermark:
    """The current watermark, where its snapshot expired and what is left of main's history changed no row."""
    if is_history_cut(context.lake, table, known) and not with_changed_rows(list(main_history(table))):
        return from_head
    name = table_name(table)
    raise RequestRefused(
        f"{name}: main does not hold what a session published; roll it back to a snapshot whose summary has "
        f"{SESSION}, {_anew(name, watermark_of(table))}"
    )


def _anew(name: str, current: Watermark | None) -> str:
    """What helps a table with inputs besides a rollback; a resync is refused to one without a watermark."""
    if current is not None:
        return f"or rebuild it from its inputs: tidemark run {name} --resync"
    return f"or move the table aside, so that it is built anew: tidemark run {name}"


def _check_only_erased(context: Context, table: Table, known: Watermark, since: list[Snapshot] | None) -> None:
    """See that rows of a landed table went, and none was rolled back or added.

    Where the published snapshot has expired, that is asked of all that is left of main's history.
    """
    moved = since is None and not is_history_cut(context.lake, table, known)
    left = with_changed_rows(list(main_history(table)) if since is None else since)
    if moved or any(is_session(snapshot) for snapshot in left):
        raise RequestRefused(
            f"{table_name(table)}: landed files do not come twice, so what was rolled back would be lost; "
            f"{_undo(table, known.snapshot)} (docs/runbooks/rolled-back.md)"
        )
    for snapshot in left:
        if not _erases(snapshot):
            raise RequestRefused(
                f"{table_name(table)}: snapshot {snapshot.snapshot_id} adds rows that nobody checked; bring them as "
                f"files into the landing folder, and {_undo(table, snapshot.parent_snapshot_id)} "
                f"(docs/runbooks/foreign-commit.md)"
            )


def _undo(table: Table, before: int | None) -> str:
    """What helps a landed table whose main cannot be adopted and should be as it was `before`."""
    if before is not None and table.snapshot_by_id(before) is not None:
        return f"move main back to snapshot {before}"
    return f"move the table aside and land its files again, since snapshot {before}, as which it should be, has expired"


def _erases(snapshot: Snapshot) -> bool:
    """Whether it took rows away and added none: a file that is rewritten without some rows counts as both."""
    added, deleted = (int(property_of(snapshot, f"{what}-records") or 0) for what in ("added", "deleted"))
    return added == 0 or added < deleted
