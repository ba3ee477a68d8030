"""Telling retention from a change: whole partitions older than an input keeps, the oldest first, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyiceberg.manifest import ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tidemark.catalog.manifests import changed_by, file_interval, is_data, live_entries, own_entries, partition_of
from tidemark.lineage.history import keeps_content
from tidemark.lineage.partition_age import Age, age_of, is_comparable, is_later, is_older, meets, newest
from tidemark.state.ranges import Interval


@dataclass(frozen=True)
class Keep:
    """How long an input holds its rows along its event time, as its `reader` sees it at a clock."""

    length: timedelta
    event_time: str
    clock: datetime
    reader: str

    def since(self, commit: Snapshot) -> datetime:
        """Before when a commit may take rows out as retention: it may be newer than the clock of a late run."""
        return max(self.clock, datetime.fromtimestamp(commit.timestamp_ms / 1000, UTC)) - self.length

    def spans(self, table: Table, entries: Iterable[ManifestEntry]) -> Iterator[Interval]:
        """The event times of the data files that hold rows."""
        found = (file_interval(table, entry.data_file, self.event_time, self.reader) for entry in entries)
        return (span for span in found if span is not None)


@dataclass(frozen=True)
class Dropped:
    """What a commit took out because the input keeps it no longer: up to when, and in which files.

    `alone` says that the commit did nothing else.
    """

    through: datetime
    paths: frozenset[str]
    alone: bool

    def holds(self, entry: ManifestEntry) -> bool:
        """Whether this is the removal of a file that the input keeps no longer."""
        return entry.status is ManifestEntryStatus.DELETED and entry.data_file.file_path in self.paths


def dropped_on(table: Table, walk: Sequence[Snapshot], keep: Keep | None) -> Mapping[int, Dropped]:
    """What the commits of a walk (the newest first) took out as retention, by their ids."""
    if keep is None:
        return {}
    found = {s.snapshot_id: _dropped_by(table, s, walk[:n], keep) for n, s in enumerate(walk) if _removes(s)}
    return {snapshot: dropped for snapshot, dropped in found.items() if dropped is not None}


def _removes(snapshot: Snapshot) -> bool:
    removing = (Operation.OVERWRITE, Operation.DELETE)
    return not keeps_content(snapshot) and snapshot.summary is not None and snapshot.summary.operation in removing


def _dropped_by(table: Table, removing: Snapshot, later: Sequence[Snapshot], keep: Keep) -> Dropped | None:
    """What of a commit is retention; None where all of it is a change.

    Retention only removes files, each whole before what is kept, and leaves no file in their partitions, nor in one
    of another layout that may hold rows of the same times, and no older partition: that would be an erasure which
    happened to empty an old one. Where a `later` commit fills a partition again, its rows were mended and not dropped.
    """
    changed = list(changed_by(table, [removing]))
    old = [files for files in _by_partition(changed) if _is_old(table, files, keep, removing)]
    left = list(live_entries(table, removing)) if old else []
    emptied = _emptied(table, old, left)
    gone = [entry for files in _not_refilled(table, emptied, later, keep) for entry in files]
    through = max((span.end for span in keep.spans(table, gone)), default=None)
    if through is None or _leaves_older(table, gone, left, keep):
        return None
    return Dropped(through, frozenset(entry.data_file.file_path for entry in gone), len(gone) == len(changed))


def _emptied(table: Table, old: list[list[ManifestEntry]], left: list[ManifestEntry]) -> list[list[ManifestEntry]]:
    """The partitions in which no row is left, nor in one of another layout that may hold the same times."""
    held = {partition_of(entry) for entry in left}
    ages = {(entry.data_file.spec_id, age_of(table, entry)) for entry in left}
    found = []
    for files in old:
        layout, age = files[0].data_file.spec_id, age_of(table, files[0])
        shared = any(its != layout and meets(other, age) for its, other in ages)
        if partition_of(files[0]) not in held and not shared:
            found.append(files)
    return found


def _is_old(table: Table, files: list[ManifestEntry], keep: Keep, removing: Snapshot) -> bool:
    """Whether a partition only lost files, and all of them lie whole before what is kept."""
    only_lost = all(entry.status is ManifestEntryStatus.DELETED for entry in files)
    return only_lost and all(span.end <= keep.since(removing) for span in keep.spans(table, files))


def _leaves_older(table: Table, gone: list[ManifestEntry], left: list[ManifestEntry], keep: Keep) -> bool:
    """Whether an older partition than one that went is still there; without times to compare, whether older rows are.

    A late row lies in a partition that landed later, and is no older one.
    """
    ends = newest(age_of(table, entry) for entry in gone)
    stays = {age_of(table, entry) for entry in left}
    if all(is_comparable(age, end) for age in stays for end in ends):
        return any(is_older(age, end) for age in stays for end in ends)
    through = max(span.end for span in keep.spans(table, gone))
    return any(span.start < through for span in keep.spans(table, left))


def _not_refilled(
    table: Table, emptied: list[list[ManifestEntry]], later: Sequence[Snapshot], keep: Keep
) -> list[list[ManifestEntry]]:
    """The partitions whose times no later commit fills again."""
    if not emptied:
        return []
    added = [(age_of(table, entry), span) for entry, span in _added_by(table, later, keep)]
    return [files for files in emptied if not _is_refilled(table, files, added, keep)]


def _is_refilled(table: Table, files: list[ManifestEntry], added: Sequence[tuple[Age, Interval]], keep: Keep) -> bool:
    """Whether rows came to the very times of a partition again, and not as late ones of a later landing."""
    age, spans = age_of(table, files[0]), list(keep.spans(table, files))
    again = [span for its, span in added if not is_later(its, age)]
    return any(one.start < other.end and other.start < one.end for one in again for other in spans)


def _added_by(table: Table, commits: Sequence[Snapshot], keep: Keep) -> Iterator[tuple[ManifestEntry, Interval]]:
    """The files that commits added, but for those that hold what was there before."""
    for commit in commits:
        if keeps_content(commit):
            continue
        for entry in own_entries(table, commit):
            if entry.status is ManifestEntryStatus.ADDED and is_data(entry):
                yield from ((entry, span) for span in keep.spans(table, [entry]))


def _by_partition(entries: Iterable[ManifestEntry]) -> list[list[ManifestEntry]]:
    found: dict[tuple[int, str], list[ManifestEntry]] = {}
    for entry in entries:
        found.setdefault(partition_of(entry), []).append(entry)
    return list(found.values())
