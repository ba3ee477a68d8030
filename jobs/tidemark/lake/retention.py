"""Telling retention from a change: whole partitions older than an input keeps, and nothing but their removal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pyiceberg.manifest import ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.lake.manifests import changed_by, file_span, live_entries, partition_of
from tidemark.ranges import Interval


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


def dropped_by(table: Table, removing: Snapshot, event_time: str | None, keep_from: datetime | None) -> Dropped | None:
    """What of a commit is retention; None where all of it is a change.

    Retention only removes files, each whole before `keep_from`, and leaves no file in their partitions: what
    is added there later is news of its own. Beside a change it also leaves nothing older anywhere, or it could
    be an erasure that happened to empty an old partition.
    """
    if event_time is None or keep_from is None:
        return None
    changed = list(changed_by(table, [removing]))
    old = [files for files in _by_partition(changed) if _is_old(table, files, event_time, keep_from)]
    left = list(live_entries(table, removing)) if old else []
    kept = {partition_of(entry) for entry in left}
    gone = [entry for files in old if partition_of(files[0]) not in kept for entry in files]
    through = max((span.end for span in _spans(table, gone, event_time)), default=None)
    if through is None:
        return None
    alone = len(gone) == len(changed)
    if not alone and any(span.start < through for span in _spans(table, left, event_time)):
        return None
    return Dropped(through, frozenset(entry.data_file.file_path for entry in gone), alone)


def _is_old(table: Table, files: list[ManifestEntry], event_time: str, keep_from: datetime) -> bool:
    """Whether a partition only lost files, and all of them lie whole before what is kept."""
    only_lost = all(entry.status is ManifestEntryStatus.DELETED for entry in files)
    return only_lost and all(span.end <= keep_from for span in _spans(table, files, event_time))


def _by_partition(entries: Iterable[ManifestEntry]) -> list[list[ManifestEntry]]:
    found: dict[tuple[int, str], list[ManifestEntry]] = {}
    for entry in entries:
        found.setdefault(partition_of(entry), []).append(entry)
    return list(found.values())


def _spans(table: Table, entries: Iterable[ManifestEntry], event_time: str) -> Iterator[Interval]:
    """The event times of the data files that hold rows."""
    return (span for e in entries if (span := file_span(table, e.data_file, event_time)) is not None)
