"""Compare the partitions that a session rebuilt with what main holds: which differ and, along known time, where.

Nothing is compared that metadata shows to be new or gone, so a session that only adds partitions reads nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pyiceberg.manifest import DataFile, ManifestEntryStatus
from pyiceberg.table import Table

from tidemark.catalog.manifests import file_interval, is_data, own_entries
from tidemark.engine.fingerprints import Fingerprint, Place, fingerprints
from tidemark.engine.frames import read_input, within
from tidemark.engine.session import connect
from tidemark.planning.windows import partition_unit
from tidemark.spec import DatasetSpec
from tidemark.stages import Staged
from tidemark.state.changes import ChangedFile
from tidemark.state.known_changes import KnownChanges
from tidemark.state.ranges import MICROSECOND, Interval, Unit, round_out, union
from tidemark.steps.context import Context

DAY = timedelta(days=1)

Files = Mapping[Interval, tuple[DataFile, ...]]
Prints = Mapping[Place, Fingerprint]


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


@dataclass(frozen=True)
class Comparison:
    """The rebuilt partitions that differ from what main holds, and those that do not.

    `known` says where they differ along the known time; None if the dataset has none, or if the bounds of the files
    say the same.
    """

    differing: frozenset[Interval]
    unchanged: frozenset[Interval]
    known: KnownChanges | None = None


def compare(context: Context, spec: DatasetSpec, staged: Staged, rebuilt: Rebuilt) -> Comparison:
    """Compare the rebuilt partitions with main's. Raises an error of the engine if main cannot be read."""
    partitions = rebuilt.comparable
    if not partitions:
        return Comparison(frozenset(rebuilt.partitions), frozenset())
    before, after = (
        _fingerprints(context, spec, snapshot, partitions)
        for snapshot in (staged.plan.base_snapshot, staged.snapshot_id)
    )
    differing = {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
    starts = {place.partition for place in differing}
    unchanged = frozenset(part for part in partitions if part.start not in starts)
    known = None
    if spec.known_time is not None:
        rows = [ChangedFile(_known_day(place), _rows(place, before) + _rows(place, after)) for place in differing]
        others = _bounds(context.lake.table(spec.dataset), spec.known_time, rebuilt)
        known = KnownChanges.of(spec.known_time, staged.plan.base_snapshot, (*rows, *others))
    return Comparison(frozenset(rebuilt.partitions - unchanged), unchanged, known)


def rebuilt_partitions(table: Table, spec: DatasetSpec, staged: Staged) -> Rebuilt | None:
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


def _fingerprints(context: Context, spec: DatasetSpec, snapshot: int, partitions: Collection[Interval]) -> Prints:
    assert spec.event_time is not None
    frame = read_input(connect(context.settings), context.lake.table(spec.dataset), snapshot)
    rows = frame.select(*spec.columns).where(within(spec.columns[spec.event_time], union(partitions)))
    return fingerprints(rows, spec.event_time, partition_unit(spec), spec.known_time)


def _known_day(place: Place) -> Interval:
    assert place.known is not None, "places of a dataset with a known time have one"
    return Interval(place.known, place.known + DAY)


def _rows(place: Place, prints: Prints) -> int:
    return prints[place].rows if place in prints else 0


def _bounds(table: Table, known_time: str, rebuilt: Rebuilt) -> Iterator[ChangedFile]:
    """Yield the known times of the partitions that are only new or only gone, from the bounds of their files."""
    for files in (rebuilt.added, rebuilt.removed):
        for partition in files.keys() - rebuilt.comparable:
            for file in files[partition]:
                span = file_interval(table, file, known_time)
                if span is not None:
                    yield ChangedFile(span, file.record_count)
