"""Find the snapshots of all tables that a table was built from, through its whole lineage.

The watermark that belongs to the snapshot that a reader has read says what that snapshot was built from. The table's
present watermark does not matter, so the answer is exact even if the table has moved on since.

Sessions that changed no row give the same rows several watermarks, with later and later positions. The newest ones are
used with which no two readers of a table differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pyiceberg.table import Table

from tidemark.catalog.lake import Lake
from tidemark.catalog.properties import CONTENT, CREATED, property_of
from tidemark.lineage.ancestry import commits_since
from tidemark.lineage.history import readable_snapshot, same_content, same_rows
from tidemark.lineage.watermark_history import watermarks_at
from tidemark.spec import DatasetSpec
from tidemark.state.ranges import describe
from tidemark.state.watermark import Position, Watermark

Place = tuple[str, int]
"""A dataset and one of its snapshots."""


@dataclass(frozen=True)
class BuiltFrom:
    """The snapshots that a table was built from, by dataset; or, if they do not belong together, why."""

    tables: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""


def built_from(lake: Lake, specs: Mapping[str, DatasetSpec], dataset: str, snapshot: int) -> BuiltFrom:
    """Return the readable snapshots that a snapshot of a dataset was built from, its own included.

    They do not belong together if two readers of a table were built from different contents, if a table owes ranges,
    or if a snapshot has expired or was rolled back.
    """
    lineage = _Lineage(lake, specs)
    while True:
        found: dict[str, _Read] = {}
        try:
            lineage.collect(dataset, _Read(snapshot, None), found)
        except _NotTogether as why:
            if why.newer is None or not lineage.drop_newest(why.newer):
                return BuiltFrom(why_not=str(why))
            continue
        return BuiltFrom({name: read.snapshot for name, read in found.items()})


class _NotTogether(Exception):
    """Two snapshots do not belong together. With older positions of the reader `newer`, they might."""

    def __init__(self, why: str, newer: Place | None = None) -> None:
        super().__init__(why)
        self.newer = newer


@dataclass(frozen=True)
class _Read:
    """A snapshot of a table, and the reader that was built from it (None: the table that the search starts from)."""

    snapshot: int
    reader: Place | None


class _Lineage:
    """The tables that were loaded, and for each place the watermarks that can still be chosen, oldest first."""

    def __init__(self, lake: Lake, specs: Mapping[str, DatasetSpec]) -> None:
        self.lake, self.specs = lake, specs
        self._tables: dict[str, Table | None] = {}
        self._marks: dict[Place, list[Watermark]] = {}

    def collect(self, dataset: str, read: _Read, found: dict[str, _Read]) -> None:
        """Add a dataset's snapshot to `found`, and then what it was built from. Raises _NotTogether."""
        table = self._table(dataset)
        if table is None:
            raise _NotTogether(f"{dataset}: the table was dropped after its reader had read it")
        if dataset in found:
            _check_same(table, dataset, found[dataset], read)
            return
        found[dataset] = _Read(_readable(table, dataset, read.snapshot), read.reader)
        place = (dataset, read.snapshot)
        marks = self._marks_of(table, place)
        if not marks:
            return
        windows = self.specs[dataset].inputs
        for name, position in marks[-1].inputs.items():
            if name in windows and windows[name].dataset != dataset:
                self.collect(windows[name].dataset, _Read(position.snapshot, place), found)

    def drop_newest(self, place: Place) -> bool:
        """Choose an older watermark for a place; return whether there is one."""
        marks = self._marks[place]
        marks.pop()
        return bool(marks)

    def _table(self, dataset: str) -> Table | None:
        if dataset not in self._tables:
            self._tables[dataset] = self.lake.find_table(dataset)
        return self._tables[dataset]

    def _marks_of(self, table: Table, place: Place) -> list[Watermark]:
        if place not in self._marks:
            self._marks[place] = self._exact_marks(table, place)
        return self._marks[place]

    def _exact_marks(self, table: Table, place: Place) -> list[Watermark]:
        """Return the watermarks that say exactly what a place was built from.

        Empty for a source, and for a table as it was before its first session. Raises _NotTogether if there is none.
        """
        dataset, snapshot = place
        if not self.specs[dataset].inputs:
            return []
        known = watermarks_at(self.lake, table, snapshot)
        if not known and _was_never_filled(table, snapshot):
            return []
        if not known:
            raise _NotTogether(f"{dataset}: which inputs snapshot {snapshot} was built from is not on record")
        if known[-1].owed:
            owed = describe(known[-1].owed)
            raise _NotTogether(f"{dataset}: owes {owed}; the release follows once these ranges are rebuilt")
        exact = [mark for mark in known if not mark.owed and not any(self._read_ahead(dataset, mark))]
        if not exact:
            inputs = ", ".join(sorted(self._read_ahead(dataset, known[-1])))
            raise _NotTogether(
                f"{dataset}: a backfill has read newer rows of {inputs} than the other rows follow from; the release "
                f"follows after the next run"
            )
        return exact

    def _read_ahead(self, dataset: str, mark: Watermark) -> Iterator[str]:
        """Yield the inputs of which a backfill has read newer rows than those of the position."""
        windows = self.specs[dataset].inputs
        for name, position in mark.inputs.items():
            if name in windows and not _has_read_all(self._table(windows[name].dataset), position):
                yield windows[name].dataset


def _was_never_filled(table: Table, snapshot_id: int) -> bool:
    """Whether no session had filled a table at a snapshot, as it may be for an optional input."""
    snapshots = (table.snapshot_by_id(each) for each in same_rows(table, snapshot_id))
    return any(snapshot is not None and property_of(snapshot, CONTENT) == CREATED for snapshot in snapshots)


def _has_read_all(table: Table | None, position: Position) -> bool:
    if table is None or position.read_ahead is None:
        return True
    return position.read_ahead in same_rows(table, position.snapshot)


def _check_same(table: Table, dataset: str, one: _Read, other: _Read) -> None:
    """Raise _NotTogether if two readers were built from different rows of a table."""
    if same_content(table, one.snapshot, other.snapshot):
        return
    start = table.snapshot_by_id(other.snapshot)
    later = start is not None and commits_since(table, (one.snapshot,), start).reaches_known
    newer = other if later else one
    raise _NotTogether(
        f"{dataset}: its readers were built from two snapshots, {one.snapshot} and {other.snapshot}", newer.reader
    )


def _readable(table: Table, dataset: str, snapshot: int) -> int:
    readable = readable_snapshot(table, snapshot)
    if readable is None:
        raise _NotTogether(
            f"{dataset}: snapshot {snapshot} has expired and cannot be read; the release follows after the next run"
        )
    if not commits_since(table, (readable,)).reaches_known:
        raise _NotTogether(
            f"{dataset}: snapshot {snapshot} was rolled back after its reader had read it; the release follows once "
            f"the reader is rebuilt"
        )
    return readable
