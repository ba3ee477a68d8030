"""Find sessions in a target's snapshots: published ones on main, staged ones on branches."""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tidemark.catalog.manifests import ancestors
from tidemark.catalog.properties import CONTENT, CREATED, KEPT, PART_OF, SESSION, branch_prefix, property_of
from tidemark.lineage.ancestry import commits_since, main_history
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
    new = commits_since(table, (plan.base_snapshot,)).snapshots
    return next((commit.snapshot_id for commit in new if property_of(commit, SESSION) == plan.session), None)


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
    """Return whether a snapshot holds all rows of the plan's session, in one commit directly on the plan's base."""
    if property_of(snapshot, PART_OF) is not None:
        return False
    return property_of(snapshot, SESSION) == plan.session and snapshot.parent_snapshot_id == plan.base_snapshot


def session_branches(table: Table, session: str) -> list[str]:
    """Return the branches of all attempts of a session, sorted."""
    return sorted(name for name in table.refs() if name.startswith(branch_prefix(session)))


def same_content(table: Table, one: int, other: int) -> bool:
    """Return whether two snapshots hold the same rows: only commits that kept the content lie between them.

    The earlier one may have expired, as long as its child names it as its parent.
    """
    return one == other or _reaches(table, one, other) or _reaches(table, other, one)


def same_rows(table: Table, snapshot_id: int) -> list[int]:
    """Return the snapshots that hold the rows of a snapshot, itself included, oldest first.

    Searched are main's history and, if the snapshot is not in it, its ancestors.
    """
    start = table.snapshot_by_id(snapshot_id)
    lines = [main_history(table), ancestors(table, start) if start is not None else iter(())]
    for line in (list(reversed(list(each))) for each in lines):
        ids = [line[0].parent_snapshot_id if line else None, *(snapshot.snapshot_id for snapshot in line)]
        if snapshot_id in ids:
            return _neighbours(ids, [keeps_content(snapshot) for snapshot in line], ids.index(snapshot_id))
    return [snapshot_id]


def _neighbours(ids: Sequence[int | None], kept: Sequence[bool], place: int) -> list[int]:
    """Return the ids around a place that are joined by commits which kept the content.

    `kept[n]` says so of the commit that made `ids[n + 1]`.
    """
    first = last = place
    while first > 0 and kept[first - 1]:
        first -= 1
    while last < len(kept) and kept[last]:
        last += 1
    return [each for each in ids[first : last + 1] if each is not None]


def readable_snapshot(table: Table, snapshot_id: int) -> int | None:
    """Return an existing snapshot with the same rows; None if there is none.

    That is the snapshot itself or, if it has expired, its child on main if that kept the content.
    """
    if table.snapshot_by_id(snapshot_id) is not None:
        return snapshot_id
    new = commits_since(table, (snapshot_id,))
    return new.snapshots[-1].snapshot_id if new.reaches_known and keeps_content(new.snapshots[-1]) else None


def _reaches(table: Table, later: int, earlier: int) -> bool:
    start = table.snapshot_by_id(later)
    if start is None:
        return False
    new = commits_since(table, (earlier,), start)
    return new.reaches_known and all(keeps_content(snapshot) for snapshot in new.snapshots)


def keeps_content(snapshot: Snapshot) -> bool:
    """Return whether a commit changed no row: it is a compaction, or its properties say that it kept the content."""
    if property_of(snapshot, CONTENT) in (KEPT, CREATED):
        return True
    return snapshot.summary is not None and snapshot.summary.operation is Operation.REPLACE
