"""Tell retention from a change: retention removes whole partitions older than the input's `keep`, the oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyiceberg.manifest import ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tidemark.catalog.manifests import changed_by, file_interval, is_data, live_entries, own_entries, partition_of
from tidemark.catalog.properties import ERASURE, property_of
from tidemark.lineage.history import keeps_content
from tidemark.lineage.partition_age import Age, age_of, is_comparable, is_later, is_older, newest, overlaps
from tidemark.state.ranges import Interval


@dataclass(frozen=True)
class Keep:
    """How long an input keeps its rows along its event time.

    `clock` is the instant of the reader's run; `reader` is the dataset that error messages name.
    """

    length: timedelta
    event_time: str
    clock: datetime
    reader: str

    def start(self, commit: Snapshot) -> datetime:
        """Return the start of what is kept: rows before it may be removed by `commit` as retention.

        The time of the commit counts if it is later than the clock, which is in the past if a run is late.
        """
        return max(self.clock, datetime.fromtimestamp(commit.timestamp_ms / 1000, UTC)) - self.length

    def spans(self, table: Table, entries: Iterable[ManifestEntry]) -> Iterator[Interval]:
        """Return the event times of data files, one interval per file; files without rows are left out."""
        found = (file_interval(table, entry.data_file, self.event_time, self.reader) for entry in entries)
        return (span for span in found if span is not None)


@dataclass(frozen=True)
class Dropped:
    """The files that a commit removed as retention.

    `through` is the end of their event times, `paths` are the files, and `alone` says that the commit did nothing else.
    """

    through: datetime
    paths: frozenset[str]
    alone: bool

    def is_removal(self, entry: ManifestEntry) -> bool:
        """Return whether a manifest entry is the removal of one of these files."""
        return entry.status is ManifestEntryStatus.DELETED and entry.data_file.file_path in self.paths


def dropped_by_retention(table: Table, commits: Sequence[Snapshot], keep: Keep | None) -> Mapping[int, Dropped]:
    """Return what commits (newest first) removed as retention, by snapshot id; empty if the input has no `keep`."""
    if keep is None:
        return {}
    found = {s.snapshot_id: _dropped_by(table, s, commits[:n], keep) for n, s in enumerate(commits) if _removes_rows(s)}
    return {snapshot: dropped for snapshot, dropped in found.items() if dropped is not None}


def _removes_rows(snapshot: Snapshot) -> bool:
    """Return whether a commit removed rows otherwise than by an erasure that says so itself."""
    removing = (Operation.OVERWRITE, Operation.DELETE)
    if keeps_content(snapshot) or property_of(snapshot, ERASURE) is not None:
        return False
    return snapshot.summary is not None and snapshot.summary.operation in removing


def _dropped_by(table: Table, removing: Snapshot, later: Sequence[Snapshot], keep: Keep) -> Dropped | None:
    """Return what a commit removed as retention; None if everything in it is a change.

    The removal of a partition is retention if all of this holds:

    - All of its files are removed, none is added, and their rows lie before what is kept.
    - No partition of another layout that may hold rows of the same times has a file left.
    - No `later` commit fills its times again: then its rows were repaired, not dropped.
    - No older partition is left in the table: then it is an erasure that happened to empty an old partition.
    """
    changed = list(changed_by(table, [removing]))
    old = [files for files in _by_partition(changed) if _is_old(table, files, keep, removing)]
    left = list(live_entries(table, removing)) if old else []
    emptied = _emptied(table, old, left)
    gone = [entry for files in _not_refilled(table, emptied, later, keep) for entry in files]
    through = max((span.end for span in keep.spans(table, gone)), default=None)
    if through is None or _leaves_older_partition(table, gone, left, keep):
        return None
    return Dropped(through, frozenset(entry.data_file.file_path for entry in gone), len(gone) == len(changed))


def _emptied(table: Table, old: list[list[ManifestEntry]], left: list[ManifestEntry]) -> list[list[ManifestEntry]]:
    """Return the partitions without a file left, neither in them nor in an overlapping partition of another layout."""
    present = {partition_of(entry) for entry in left}
    present_ages = {(entry.data_file.spec_id, age_of(table, entry)) for entry in left}
    emptied = []
    for files in old:
        layout, age = files[0].data_file.spec_id, age_of(table, files[0])
        shared = any(other_layout != layout and overlaps(other, age) for other_layout, other in present_ages)
        if partition_of(files[0]) not in present and not shared:
            emptied.append(files)
    return emptied


def _is_old(table: Table, files: list[ManifestEntry], keep: Keep, removing: Snapshot) -> bool:
    """Return whether files were only removed from a partition, and all of their rows lie before what is kept."""
    only_removed = all(entry.status is ManifestEntryStatus.DELETED for entry in files)
    return only_removed and all(span.end <= keep.start(removing) for span in keep.spans(table, files))


def _leaves_older_partition(table: Table, gone: list[ManifestEntry], left: list[ManifestEntry], keep: Keep) -> bool:
    """Return whether a partition is left that is older than a removed one.

    If the partitions have no times to compare, the rows decide. The partition of a late row landed later, so it does
    not count as older.
    """
    newest_gone = newest(age_of(table, entry) for entry in gone)
    present = {age_of(table, entry) for entry in left}
    if all(is_comparable(age, end) for age in present for end in newest_gone):
        return any(is_older(age, end) for age in present for end in newest_gone)
    through = max(span.end for span in keep.spans(table, gone))
    return any(span.start < through for span in keep.spans(table, left))


def _not_refilled(
    table: Table, emptied: list[list[ManifestEntry]], later: Sequence[Snapshot], keep: Keep
) -> list[list[ManifestEntry]]:
    """Return the partitions whose times no later commit fills again."""
    if not emptied:
        return []
    added = [(age_of(table, entry), span) for entry, span in _added_by(table, later, keep)]
    return [files for files in emptied if not _is_refilled(table, files, added, keep)]


def _is_refilled(table: Table, files: list[ManifestEntry], added: Sequence[tuple[Age, Interval]], keep: Keep) -> bool:
    """Return whether rows were added again at the times of a partition, other than late rows that landed later."""
    age, spans = age_of(table, files[0]), list(keep.spans(table, files))
    added_again = [span for other, span in added if not is_later(other, age)]
    return any(one.start < other.end and other.start < one.end for one in added_again for other in spans)


def _added_by(table: Table, commits: Sequence[Snapshot], keep: Keep) -> Iterator[tuple[ManifestEntry, Interval]]:
    """Return the data files that commits added, with their event times; commits that kept the content are left out."""
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
