"""Leave out rebuilt partitions whose rows are those that main holds already, so that no reader follows them.

After the audit, the rebuilt partitions are compared with main's by fingerprints of their rows. If none differs, the
session publishes only its watermark. If some differ, only their files are published: a second commit on the plan's
base, whose rows are those of the staged snapshot.

Nothing is compared that metadata shows to be new or gone, so a session that only adds partitions reads nothing here.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile, ManifestEntryStatus
from pyiceberg.table import Table

from tidemark.catalog.manifests import file_interval, is_data, live_entries, own_entries
from tidemark.catalog.part_of_commit import commit_files
from tidemark.catalog.properties import ATTEMPT, PART_OF, SESSION, WATERMARK, branch_name, property_of
from tidemark.engine.fingerprints import Fingerprint, fingerprints
from tidemark.engine.frames import read_input, within
from tidemark.engine.session import connect
from tidemark.errors import WriteError
from tidemark.planning.windows import partition_unit
from tidemark.spec import DatasetSpec
from tidemark.stages import Audited, Staged
from tidemark.state.effect import ReplaceAll, ReplaceRanges
from tidemark.state.ranges import MICROSECOND, Interval, Ranges, Unit, round_out, union
from tidemark.steps.context import Context
from tidemark.support.error_translation import engine_errors

Say = Callable[[str], None]

_LOG = logging.getLogger(__name__)

TRIES = 5
"""How often a part is committed. A commit fails if another ref of the table moves at the same instant."""

Files = Mapping[Interval, tuple[DataFile, ...]]


@dataclass(frozen=True)
class Rebuilt:
    """The data files that a staged snapshot added and removed, by the partition of event time that they belong to."""

    added: Files
    removed: Files

    @property
    def partitions(self) -> set[Interval]:
        """All partitions that the snapshot changed."""
        return {*self.added, *self.removed}

    @property
    def comparable(self) -> set[Interval]:
        """The partitions that had rows before and have rows now. All others differ."""
        return {*self.added} & {*self.removed}


def leave_out_unchanged(context: Context, audited: Audited, say: Say) -> Audited:
    """Return what is to be published of an audited snapshot: all of it, what differs from main, or main itself."""
    staged = audited.staged
    spec = context.spec(staged.plan.dataset)
    if spec.event_time is None or not isinstance(staged.plan.effect, ReplaceRanges | ReplaceAll):
        return audited
    table = context.lake.table(spec.dataset)
    rebuilt = _rebuilt(table, spec, staged)
    try:
        unchanged = _unchanged(context, spec, staged, rebuilt.comparable) if rebuilt else set()
    except engine_errors() as error:  # main may be damaged, which this session is about to repair
        _LOG.info("%s: what main holds cannot be compared, so all is published", spec.dataset, exc_info=error)
        return audited
    if rebuilt is None or not unchanged:
        return audited
    differing = rebuilt.partitions - unchanged
    say(
        f"partitions rebuilt: {len(rebuilt.partitions)}, of which differ from what main holds: {len(differing)}. "
        f"The others keep their files, and readers do not follow them"
    )
    if not differing:
        return replace(audited, snapshot_id=staged.plan.base_snapshot)
    return _publish_part(context, audited, rebuilt, differing)


def _rebuilt(table: Table, spec: DatasetSpec, staged: Staged) -> Rebuilt | None:
    """Return the files that the staged snapshot changed.

    Returns None if the partitions cannot be told apart: a file spans several of them, or there are delete files.
    """
    snapshot = table.snapshot_by_id(staged.snapshot_id)
    assert snapshot is not None and spec.event_time is not None, "the staged snapshot was just audited"
    unit = partition_unit(spec)
    files: dict[ManifestEntryStatus, dict[Interval, list[DataFile]]] = {}
    for entry in own_entries(table, snapshot):
        times = file_interval(table, entry.data_file, spec.event_time) if is_data(entry) else None
        partition = _partition(times, unit) if times is not None else None
        if partition is None:
            return None
        files.setdefault(entry.status, {}).setdefault(partition, []).append(entry.data_file)
    added, removed = (files.get(status, {}) for status in (ManifestEntryStatus.ADDED, ManifestEntryStatus.DELETED))
    return Rebuilt(*({part: tuple(found) for part, found in each.items()} for each in (added, removed)))


def _partition(times: Interval, unit: Unit) -> Interval | None:
    """Return the hour, day or month that holds an interval; None if it spans several."""
    (whole,) = round_out((times,), unit)
    return whole if round_out((Interval(times.start, times.start + MICROSECOND),), unit) == (whole,) else None


def _unchanged(context: Context, spec: DatasetSpec, staged: Staged, partitions: set[Interval]) -> set[Interval]:
    """Return those of the partitions whose rows are the same on main and in the staged snapshot."""
    if not partitions:
        return set()
    ranges = union(partitions)
    before, after = (
        _fingerprints(context, spec, snapshot, ranges) for snapshot in (staged.plan.base_snapshot, staged.snapshot_id)
    )
    return {part for part in partitions if part.start in after and before.get(part.start) == after[part.start]}


def _fingerprints(context: Context, spec: DatasetSpec, snapshot: int, ranges: Ranges) -> Mapping[datetime, Fingerprint]:
    assert spec.event_time is not None
    frame = read_input(connect(context.settings), context.lake.table(spec.dataset), snapshot)
    rows = frame.select(*spec.columns).where(within(frame, spec.event_time, ranges))
    return fingerprints(rows, spec.event_time, partition_unit(spec))


def _publish_part(context: Context, audited: Audited, rebuilt: Rebuilt, differing: set[Interval]) -> Audited:
    """Commit only the files of the differing partitions, on the plan's base, for publication.

    If other commits of the table keep coming first, the staged snapshot is published as it is.
    """
    staged = audited.staged
    plan = staged.plan
    branch = branch_name(plan.session, f"part_{uuid.uuid4().hex[:8]}")
    context.lake.create_branch(context.lake.table(plan.dataset), branch, plan.base_snapshot)
    added, removed = (
        [file for part in sorted(differing) for file in files.get(part, ())]
        for files in (rebuilt.added, rebuilt.removed)
    )
    for _ in range(TRIES):
        table = context.lake.table(plan.dataset)
        try:
            part = commit_files(table, branch, added, removed, _properties(table, staged))
        except CommitFailedException:
            continue
        _check_same_rows(context, staged, part)
        return replace(audited, snapshot_id=part)
    return audited


def _properties(table: Table, staged: Staged) -> dict[str, str]:
    snapshot = table.snapshot_by_id(staged.snapshot_id)
    assert snapshot is not None, "a branch holds the staged snapshot"
    copied = {key: property_of(snapshot, key) for key in (SESSION, ATTEMPT, WATERMARK)}
    return {key: value for key, value in copied.items() if value is not None} | {PART_OF: str(staged.snapshot_id)}


def _check_same_rows(context: Context, staged: Staged, part: int) -> None:
    """Raise WriteError if the part does not hold as many rows as the staged snapshot."""
    table = context.lake.table(staged.plan.dataset)
    whole, found = (_rows(table, snapshot) for snapshot in (staged.snapshot_id, part))
    if whole != found:
        raise WriteError(
            f"{staged.plan.dataset}, session {staged.plan.session}: snapshot {part}, which replaces only what differs "
            f"from main, has {found} rows instead of {whole}. Nothing was published. Run the session again"
        )


def _rows(table: Table, snapshot_id: int) -> int:
    snapshot = table.snapshot_by_id(snapshot_id)
    assert snapshot is not None, "a branch holds the snapshot"
    return sum(entry.data_file.record_count for entry in live_entries(table, snapshot))
