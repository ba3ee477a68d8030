"""Whether main still follows from the watermark by the loop's own hands, and what happened to it where it does not."""

from __future__ import annotations

from itertools import takewhile

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.lake import Lake
from tidemark.catalog.manifests import table_name
from tidemark.catalog.properties import SESSION, WATERMARK, property_of
from tidemark.errors import ForeignCommit, RolledBack, SnapshotExpired, TargetChanged, WatermarkLost
from tidemark.lineage.history import keeps_content, main_line
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import holds_record
from tidemark.state.watermark import Watermark


def check_target_integrity(lake: Lake, table: Table) -> None:
    """See that nobody but the loop moved main since the watermark.

    Raises RolledBack where main was moved to or behind another session's snapshot, SnapshotExpired where nothing
    shows any more whether it was, ForeignCommit where main holds a commit that changed rows and no session made,
    WatermarkLost where sessions published and no watermark says so.
    """
    check_not_lost(lake, table)
    watermark = watermark_of(table)
    since = list(main_line(table)) if watermark is None else since_published(table, watermark)
    if since is None:
        assert watermark is not None, "without a watermark all of main comes after it"
        raise not_on_main(lake, table, watermark)
    foreign = [snapshot for snapshot in changing(since) if not is_session(snapshot)]
    if foreign:
        raise _foreign(table, foreign[-1])
    if watermark is not None and changing(since):
        raise _moved_on(table, watermark, changing(since)[0])


def check_not_lost(lake: Lake, table: Table) -> None:
    """See that sessions which published left a watermark. Raises WatermarkLost."""
    if is_lost(lake, table):
        raise lost(table)


def is_lost(lake: Lake, table: Table) -> bool:
    """Whether sessions published and no watermark says so."""
    return watermark_of(table) is None and holds_record(lake, table_name(table), list(main_line(table)))


def check_all_foreign_goes(table: Table) -> None:
    """See that no foreign commit lies on main, for a rebuild that leaves rows which it would keep.

    Raises ForeignCommit.
    """
    latest = takewhile(lambda snapshot: not is_session(snapshot), main_line(table))
    foreign = changing(list(latest))
    if foreign:
        raise ForeignCommit(
            f"{table_name(table)}: snapshot {foreign[-1].snapshot_id} on main was made by no session of this dataset, "
            f"and this rebuild would keep rows of it, since it does not replace all; nothing was written. Move main "
            f"back to the snapshot before it, then run again"
        )


def since_published(table: Table, watermark: Watermark) -> list[Snapshot] | None:
    """Main's snapshots after the published one, newest first; None where they do not lead back to it."""
    return _since(table, watermark.snapshot)


def leads_back(table: Table, snapshot_id: int) -> bool:
    """Whether main follows from a snapshot."""
    return _since(table, snapshot_id) is not None


def _since(table: Table, snapshot_id: int) -> list[Snapshot] | None:
    """Main's snapshots after one of its line; that one itself may have expired, as long as its child names it."""
    since: list[Snapshot] = []
    for snapshot in main_line(table):
        if snapshot.snapshot_id == snapshot_id:
            return since
        since.append(snapshot)
        if snapshot.parent_snapshot_id == snapshot_id:
            return since
    return None


def changing(snapshots: list[Snapshot]) -> list[Snapshot]:
    """Those that changed rows."""
    return [snapshot for snapshot in snapshots if not keeps_content(snapshot)]


def is_session(snapshot: Snapshot) -> bool:
    """Whether a session of the loop made it."""
    return property_of(snapshot, SESSION) is not None


def is_cut(lake: Lake, table: Table, watermark: Watermark) -> bool:
    """Whether main's history was cut behind the published snapshot, and nothing left of it is another session's."""
    line = list(main_line(table))
    ends_early = bool(line) and line[-1].parent_snapshot_id is not None
    gone = table.snapshot_by_id(watermark.snapshot) is None
    return ends_early and gone and not holds_record(lake, table_name(table), line)


def _foreign(table: Table, snapshot: Snapshot) -> ForeignCommit:
    name = table_name(table)
    return ForeignCommit(
        f"{name}: snapshot {snapshot.snapshot_id} on main was made by no session of this dataset; nothing was "
        f"written. Roll main back to the snapshot before it, then run again. Or, a table that has inputs: rebuild it "
        f"from them, tidemark run {name} --resync. Or, a landed table that lost rows on purpose: "
        f"tidemark adopt {name} --reason WHY"
    )


def _moved_on(table: Table, watermark: Watermark, snapshot: Snapshot) -> RolledBack:
    name = table_name(table)
    return RolledBack(
        f"{name}: main holds snapshot {snapshot.snapshot_id} of session {property_of(snapshot, SESSION)}, but the "
        f"watermark names snapshot {watermark.snapshot}: somebody moved main; nothing was written. If that was meant: "
        f"tidemark adopt {name} --reason WHY. Else move main to the watermark's snapshot again"
    )


def lost(table: Table) -> WatermarkLost:
    """What became of a watermark that is not there any more, and what sets it again."""
    name = table_name(table)
    return WatermarkLost(
        f"{name}: main holds what a session published, but the table has no property {WATERMARK} any more: somebody "
        f"took it away; nothing was written. Set the one that was recorded last: tidemark adopt {name} --reason WHY"
    )


def not_on_main(lake: Lake, table: Table, watermark: Watermark) -> TargetChanged:
    """What became of a published snapshot from which main does not follow any more."""
    name = table_name(table)
    published = f"{name}: snapshot {watermark.snapshot}, published by session {watermark.session},"
    if is_cut(lake, table, watermark):
        return SnapshotExpired(
            f"{published} and the way from it to main have expired, so that nothing shows whether rows were changed "
            f"meanwhile; nothing was written. If they were not, or rows of a landed table were only taken away, on "
            f"purpose, go on from what main holds: tidemark adopt {name} --reason WHY. Else rebuild a table that has "
            f"inputs: tidemark run {name} --resync; for a landed table see docs/runbooks/snapshot-expired.md"
        )
    if table.snapshot_by_id(watermark.snapshot) is None:
        return RolledBack(
            f"{published} is no longer in main's history and has expired: somebody rolled the table back; nothing was "
            f"written. A table that has inputs takes in again what came after: tidemark adopt {name} --reason WHY. A "
            f"landed table is moved aside and landed again: docs/runbooks/rolled-back.md"
        )
    return RolledBack(
        f"{published} is no longer in main's history: somebody rolled the table back; nothing was written. If that "
        f"was meant: tidemark adopt {name} --reason WHY. Else, and for a landed table, move main to that snapshot again"
    )
