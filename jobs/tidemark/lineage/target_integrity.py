"""Check that only the loop has changed a table since its watermark, and say what happened to it otherwise."""

from __future__ import annotations

from itertools import takewhile

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.lake import Lake
from tidemark.catalog.manifests import table_name
from tidemark.catalog.properties import ERASURE, SESSION, WATERMARK, property_of
from tidemark.errors import ForeignCommit, InputChanged, RolledBack, SnapshotExpired, TargetChanged, WatermarkLost
from tidemark.lineage.ancestry import commits_since, main_history
from tidemark.lineage.history import keeps_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import has_record
from tidemark.state.watermark import Watermark


def check_input_integrity(lake: Lake, table: Table) -> None:
    """Raise InputChanged if an input lost its watermark, or if main does not follow from its published snapshot.

    An input that was rolled back promises rows that it no longer holds; without a watermark it promises nothing.
    """
    mark = watermark_of(table)
    if mark is None and is_watermark_lost(lake, table):
        raise InputChanged(f"{watermark_lost(table)}. Its readers wait until then. Afterwards run this again")
    if mark is not None and since_published(table, mark) is None:
        raise InputChanged(f"{not_on_main(lake, table, mark)}. Its readers wait until then. Afterwards run this again")


def check_target_integrity(lake: Lake, table: Table) -> None:
    """Check that only the loop has moved main since the watermark.

    Raises:
        RolledBack: main was moved to before the published snapshot, or to another session's snapshot.
        SnapshotExpired: the history that would show whether main was moved has expired.
        ForeignCommit: main holds a commit that changed rows and that no session made.
        WatermarkLost: sessions have published, but the table has no watermark.
    """
    check_watermark_not_lost(lake, table)
    watermark = watermark_of(table)
    since = list(main_history(table)) if watermark is None else since_published(table, watermark)
    if since is None:
        assert watermark is not None, "without a watermark, all of main counts as later"
        raise not_on_main(lake, table, watermark)
    foreign = [snapshot for snapshot in with_changed_rows(since) if not is_session(snapshot)]
    if foreign:
        raise _foreign(table, foreign[-1])
    if watermark is not None and with_changed_rows(since):
        raise _moved_on(table, watermark, with_changed_rows(since)[0])


def check_watermark_not_lost(lake: Lake, table: Table) -> None:
    """Raise WatermarkLost if sessions have published but the table has no watermark."""
    if is_watermark_lost(lake, table):
        raise watermark_lost(table)


def is_watermark_lost(lake: Lake, table: Table) -> bool:
    """Return whether sessions have published but the table has no watermark."""
    return watermark_of(table) is None and has_record(lake, table_name(table), list(main_history(table)))


def check_no_foreign_commit(table: Table) -> None:
    """Raise ForeignCommit if commits on main after its last session changed rows.

    A rebuild that does not replace all rows needs this check, because it would keep rows of such commits.
    """
    latest = takewhile(lambda snapshot: not is_session(snapshot), main_history(table))
    foreign = with_changed_rows(list(latest))
    if foreign:
        raise ForeignCommit(
            f"{table_name(table)}: no session of this dataset made snapshot {foreign[-1].snapshot_id} on main, and "
            f"this rebuild would keep its rows, because it does not replace all rows; nothing was written. Move main "
            f"back to the snapshot before it, then run again"
        )


def since_published(table: Table, watermark: Watermark) -> list[Snapshot] | None:
    """Return main's snapshots after the published one, newest first; None if they do not lead back to it."""
    new = commits_since(table, (watermark.snapshot,))
    return list(new.snapshots) if new.reaches_known else None


def with_changed_rows(snapshots: list[Snapshot]) -> list[Snapshot]:
    """Return the snapshots that changed rows."""
    return [snapshot for snapshot in snapshots if not keeps_content(snapshot)]


def is_session(snapshot: Snapshot) -> bool:
    """Return whether a session of the loop made the snapshot."""
    return property_of(snapshot, SESSION) is not None


def is_history_cut(lake: Lake, table: Table, watermark: Watermark) -> bool:
    """Return whether main's history has expired back to after the published snapshot.

    Then the published snapshot is gone, the oldest snapshot left names an expired parent, and neither that parent nor
    any snapshot left is a session's.
    """
    history = list(main_history(table))
    ends_early = bool(history) and history[-1].parent_snapshot_id is not None
    gone = table.snapshot_by_id(watermark.snapshot) is None
    return ends_early and gone and not has_record(lake, table_name(table), history)


def _foreign(table: Table, snapshot: Snapshot) -> ForeignCommit:
    name = table_name(table)
    if property_of(snapshot, ERASURE) is not None:
        return ForeignCommit(
            f"{name}: tidemark erase removed rows in snapshot {snapshot.snapshot_id} and has not finished; nothing was "
            f"written. Run this again when it has. If it is not running any more, give the same command again, or: "
            f"tidemark adopt {name} --reason WHY"
        )
    return ForeignCommit(
        f"{name}: no session of this dataset made snapshot {snapshot.snapshot_id} on main; nothing was written. "
        f"Move main back to the snapshot before it, then run again. If the table has inputs, you can instead rebuild "
        f"it from them: tidemark run {name} --resync. If rows of a landed table were removed on purpose: "
        f"tidemark adopt {name} --reason WHY"
    )


def _moved_on(table: Table, watermark: Watermark, snapshot: Snapshot) -> RolledBack:
    name = table_name(table)
    return RolledBack(
        f"{name}: main holds snapshot {snapshot.snapshot_id} of session {property_of(snapshot, SESSION)}, but the "
        f"watermark names snapshot {watermark.snapshot}: somebody moved main; nothing was written. If that was on "
        f"purpose: tidemark adopt {name} --reason WHY. Otherwise move main back to the watermark's snapshot"
    )


def watermark_lost(table: Table) -> WatermarkLost:
    """Return the error for a table whose watermark was removed, with the command that sets it again."""
    name = table_name(table)
    return WatermarkLost(
        f"{name}: main holds rows that a session published, but the table has no property {WATERMARK} any more: "
        f"somebody removed it; nothing was written. Set the watermark that was recorded last: "
        f"tidemark adopt {name} --reason WHY"
    )


def not_on_main(lake: Lake, table: Table, watermark: Watermark) -> TargetChanged:
    """Return the error for a published snapshot that is no longer in main's history, with what to do about it."""
    name = table_name(table)
    published = f"{name}: snapshot {watermark.snapshot}, published by session {watermark.session},"
    if is_history_cut(lake, table, watermark):
        return SnapshotExpired(
            f"{published} and the history between it and main have expired, so nothing shows whether rows were changed "
            f"since; nothing was written. If none were, or if rows of a landed table were only removed on purpose, "
            f"continue from what main holds: tidemark adopt {name} --reason WHY. Otherwise, if the table has inputs, "
            f"rebuild it: tidemark run {name} --resync; for a landed table see docs/runbooks/snapshot-expired.md"
        )
    if table.snapshot_by_id(watermark.snapshot) is None:
        return RolledBack(
            f"{published} is no longer in main's history and has expired: somebody rolled the table back; nothing was "
            f"written. If the table has inputs, accept the rollback, and the next session takes in again what came "
            f"after it: tidemark adopt {name} --reason WHY. A landed table has to be moved aside and landed again: see "
            f"docs/runbooks/rolled-back.md"
        )
    return RolledBack(
        f"{published} is no longer in main's history: somebody rolled the table back; nothing was written. If that "
        f"was on purpose and the table has inputs: tidemark adopt {name} --reason WHY. Otherwise, and for a landed "
        f"table, move main back to that snapshot"
    )
