"""Finding sessions in a target's snapshots: what is published, what is staged, whose hands were on it."""

from __future__ import annotations

from collections.abc import Iterator

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tidemark.errors import ForeignCommit, RolledBack, SnapshotExpired, TargetChanged
from tidemark.lake.commits import watermark_of
from tidemark.lake.manifests import ancestors, table_name
from tidemark.lake.properties import CONTENT, CREATED, KEPT, SESSION, branch_prefix
from tidemark.plans import Plan
from tidemark.records import Watermark


def property_of(snapshot: Snapshot, key: str) -> str | None:
    """A property of the snapshot's summary."""
    return None if snapshot.summary is None else snapshot.summary.additional_properties.get(key)


def published_snapshot(table: Table, plan: Plan) -> int | None:
    """The snapshot under which the plan's session is on main, None where it is not.

    Walks from main back to the plan's base, so that a compaction in between does not hide it. A touch shows
    in the watermark alone.
    """
    current = watermark_of(table)
    if current is not None and current.session == plan.session:
        return current.snapshot
    for snapshot in _history(table):
        if snapshot.snapshot_id == plan.base_snapshot:
            return None
        if property_of(snapshot, SESSION) == plan.session:
            return snapshot.snapshot_id
    return None


def staged_attempt(table: Table, plan: Plan) -> tuple[str, Snapshot] | None:
    """A branch of the plan's session whose one commit on the base is there, with that commit."""
    prefix = branch_prefix(plan.session)
    for name in sorted(table.refs()):
        if not name.startswith(prefix):
            continue
        head = table.snapshot_by_name(name)
        if head is not None and is_staged_by(head, plan):
            return name, head
    return None


def is_staged_by(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether a snapshot is the plan's session, in exactly one commit on the plan's base."""
    return property_of(snapshot, SESSION) == plan.session and snapshot.parent_snapshot_id == plan.base_snapshot


def session_branches(table: Table, session: str) -> list[str]:
    """All branches of a session's attempts."""
    return sorted(name for name in table.refs() if name.startswith(branch_prefix(session)))


def check_own_hands(table: Table) -> None:
    """See that nobody but the loop moved main since the watermark.

    Raises RolledBack where the published snapshot left main's history, SnapshotExpired where nothing shows any
    more whether it did, ForeignCommit where main holds a commit that changed rows and that no session made.
    """
    watermark = watermark_of(table)
    since = list(_history(table)) if watermark is None else since_published(table, watermark)
    if since is None:
        assert watermark is not None, "without a watermark all of main comes after it"
        raise _not_on_main(table, watermark)
    foreign = [snapshot.snapshot_id for snapshot in since if not keeps_content(snapshot)]
    if foreign:
        raise ForeignCommit(
            f"{table_name(table)}: snapshot {foreign[-1]} on main was made by no session of this dataset; nothing was "
            f"written. Roll main back to the snapshot before it, then run again, or (a table that has inputs) "
            f"rebuild it from them: tidemark run {table_name(table)} --resync"
        )


def since_published(table: Table, watermark: Watermark) -> list[Snapshot] | None:
    """Main's snapshots after the published one, newest first; None where they do not lead back to it.

    The published snapshot itself may have expired, as long as its child on main still names it.
    """
    since: list[Snapshot] = []
    for snapshot in _history(table):
        if snapshot.snapshot_id == watermark.snapshot:
            return since
        since.append(snapshot)
        if snapshot.parent_snapshot_id == watermark.snapshot:
            return since
    return None


def is_cut(table: Table, watermark: Watermark) -> bool:
    """Whether main's history was cut behind the published snapshot, and what is left of it changed no row."""
    line = list(_history(table))
    ends_early = bool(line) and line[-1].parent_snapshot_id is not None
    return ends_early and table.snapshot_by_id(watermark.snapshot) is None and all(map(keeps_content, line))


def _not_on_main(table: Table, watermark: Watermark) -> TargetChanged:
    name = table_name(table)
    published = f"{name}: snapshot {watermark.snapshot}, published by session {watermark.session},"
    if is_cut(table, watermark):
        return SnapshotExpired(
            f"{published} and the way from it to main have expired, so that nothing shows whether rows were changed "
            f"meanwhile; nothing was written. If they were not: tidemark adopt {name} goes on from what main holds. "
            f"Else (a table that has inputs) rebuild it from them: tidemark run {name} --resync"
        )
    return RolledBack(
        f"{published} is no longer in main's history: somebody rolled the table back; nothing was written. If that "
        f"was meant: tidemark adopt {name}. Else move main to that snapshot again"
    )


def same_content(table: Table, one: int, other: int) -> bool:
    """Whether two snapshots hold the same rows: only commits that kept the content lie between them."""
    return _reaches(table, one, other) or _reaches(table, other, one)


def _reaches(table: Table, later: int, earlier: int) -> bool:
    start = table.snapshot_by_id(later)
    for snapshot in ancestors(table, start) if start is not None else ():
        if snapshot.snapshot_id == earlier:
            return True
        if not keeps_content(snapshot):
            return False
    return False


def _history(table: Table) -> Iterator[Snapshot]:
    head = table.current_snapshot()
    return ancestors(table, head) if head is not None else iter(())


def keeps_content(snapshot: Snapshot) -> bool:
    """Whether the commit changed no row: a compaction, or one that says so."""
    if property_of(snapshot, CONTENT) in (KEPT, CREATED):
        return True
    return snapshot.summary is not None and snapshot.summary.operation is Operation.REPLACE
