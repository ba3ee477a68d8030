"""Find sessions in a target's snapshots: published ones on main, staged ones on branches."""

from __future__ import annotations

from collections.abc import Iterator

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tidemark.catalog.manifests import ancestors
from tidemark.catalog.properties import CONTENT, CREATED, KEPT, SESSION, branch_prefix, property_of
from tidemark.lineage.publish_commit import watermark_of
from tidemark.state.plan import Plan


def published_snapshot(table: Table, plan: Plan) -> int | None:
    """Return the snapshot under which the plan's session is on main; None if it is not published.

    Main's history is searched back to the plan's base, so that a later commit, such as a compaction, does not hide
    the session. A touch shows only in the watermark.
    """
    current = watermark_of(table)
    if current is not None and current.session == plan.session:
        return current.snapshot
    for snapshot in main_history(table):
        if snapshot.snapshot_id == plan.base_snapshot:
            return None
        if property_of(snapshot, SESSION) == plan.session:
            return snapshot.snapshot_id
    return None


def staged_attempt(table: Table, plan: Plan) -> tuple[str, Snapshot] | None:
    """Return a branch that holds exactly one commit of the plan's session on its base, with that commit."""
    prefix = branch_prefix(plan.session)
    for name in sorted(table.refs()):
        if not name.startswith(prefix):
            continue
        head = table.snapshot_by_name(name)
        if head is not None and is_staged_by(head, plan):
            return name, head
    return None


def is_staged_by(snapshot: Snapshot, plan: Plan) -> bool:
    """Return whether a snapshot is a commit of the plan's session directly on the plan's base."""
    return property_of(snapshot, SESSION) == plan.session and snapshot.parent_snapshot_id == plan.base_snapshot


def session_branches(table: Table, session: str) -> list[str]:
    """Return the branches of all attempts of a session, sorted."""
    return sorted(name for name in table.refs() if name.startswith(branch_prefix(session)))


def same_content(table: Table, one: int, other: int) -> bool:
    """Return whether two snapshots hold the same rows: only commits that kept the content lie between them.

    The earlier one may have expired, as long as its child names it as its parent.
    """
    return one == other or _reaches(table, one, other) or _reaches(table, other, one)


def readable_snapshot(table: Table, snapshot_id: int) -> int | None:
    """Return an existing snapshot with the same rows; None if there is none.

    That is the snapshot itself or, if it has expired, its child on main if that kept the content.
    """
    if table.snapshot_by_id(snapshot_id) is not None:
        return snapshot_id
    children = (s for s in main_history(table) if s.parent_snapshot_id == snapshot_id and keeps_content(s))
    return next((child.snapshot_id for child in children), None)


def _reaches(table: Table, later: int, earlier: int) -> bool:
    start = table.snapshot_by_id(later)
    for snapshot in ancestors(table, start) if start is not None else ():
        if not keeps_content(snapshot):
            return False
        if snapshot.parent_snapshot_id == earlier:
            return True
    return False


def main_history(table: Table) -> Iterator[Snapshot]:
    """Return main's snapshots, newest first, as far as metadata goes back."""
    head = table.current_snapshot()
    return ancestors(table, head) if head is not None else iter(())


def keeps_content(snapshot: Snapshot) -> bool:
    """Return whether a commit changed no row: it is a compaction, or its properties say that it kept the content."""
    if property_of(snapshot, CONTENT) in (KEPT, CREATED):
        return True
    return snapshot.summary is not None and snapshot.summary.operation is Operation.REPLACE
