"""Prove that nothing counts a person, from the rows of tables and from what their watermarks were built from.

A snapshot of a derived table equals a rebuild from its inputs at the positions of its watermark, but for ranges that
it owes or that are overdue (docs/architecture.md, "Incremental equals full"). So it counts the person only if one of
these holds, and each of them is looked for:

- it holds a row of the person itself,
- it owes ranges, or some are overdue,
- retention has removed input rows that it follows from, so that no session rebuilds what it made of them,
- its rows name a version, such as a ranker, that was made from inputs that may count the person,
- an input, at the position of the watermark, may count the person.

The last two are followed back to the landed tables. If several watermarks name the same rows, one that proves it is
enough, because the rows follow from each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from pyiceberg.table import Table

from tidemark.catalog import Lake
from tidemark.catalog.matching_files import MatchingFiles
from tidemark.catalog.properties import CONTENT, CREATED, property_of
from tidemark.lineage.history import readable_snapshot, same_rows
from tidemark.lineage.watermark_history import watermarks_at
from tidemark.operate.erasure import fault as faults
from tidemark.operate.erasure.fault import Fault
from tidemark.operate.erasure.person import Person
from tidemark.operate.erasure.versions import named_versions, names_versions
from tidemark.spec import DatasetSpec
from tidemark.state.watermark import Watermark


class Proof:
    """A search in one lake for snapshots that may count a person. Tables are loaded once."""

    def __init__(self, lake: Lake, specs: Mapping[str, DatasetSpec], person: Person) -> None:
        self._lake, self._specs, self._person = lake, specs, person
        self._table = lru_cache(maxsize=None)(lake.find_table)
        self._files = lru_cache(maxsize=None)(self._search)
        self.fault = lru_cache(maxsize=None)(self._fault)

    def rows(self, dataset: str, snapshot: int) -> int:
        """Return how many rows of the person a snapshot of a table holds; 0 if it has no such columns."""
        files = self._files(dataset)
        return sum(file.rows.num_rows for file in files.at(snapshot)) if files is not None else 0

    def head(self, dataset: str) -> int | None:
        """Return the snapshot of main; None if the table does not exist."""
        table = self._table(dataset)
        head = table.current_snapshot() if table is not None else None
        return head.snapshot_id if head is not None else None

    def _search(self, dataset: str) -> MatchingFiles | None:
        spec, table = self._specs[dataset], self._table(dataset)
        if table is None or not self._person.is_in(spec):
            return None
        return MatchingFiles(table, self._person.where(spec), self._person.columns, ())

    def _fault(self, dataset: str, snapshot: int) -> Fault | None:
        """Return why a snapshot of a dataset may count the person; None if it is proven that it does not."""
        table, spec = self._table(dataset), self._specs.get(dataset)
        if table is None or spec is None:
            return faults.unreadable()
        readable = readable_snapshot(table, snapshot)
        if readable is None and (self._person.is_in(spec) or names_versions(self._specs, spec)):
            return faults.unreadable()
        rows = self.rows(dataset, readable) if readable is not None else 0
        behind = self._fault_of_versions(table, spec, readable) or self._fault_of_lineage(table, spec, snapshot)
        return faults.holds_rows(rows, _remedy(spec, behind)) if rows else behind

    def _fault_of_versions(self, table: Table, spec: DatasetSpec, snapshot: int | None) -> Fault | None:
        """Return which version that the rows name may count the person; None if there is none."""
        versions = named_versions(self._lake, self._specs, table, spec, snapshot) if snapshot is not None else ()
        for version in versions:
            if version.reads is None:
                return faults.unknown_version(version.name)
            for dataset, read in version.reads:
                fault = self.fault(dataset, read)
                if fault is not None:
                    return faults.version(version.name, dataset, read, fault)
        return None

    def _fault_of_lineage(self, table: Table, spec: DatasetSpec, snapshot: int) -> Fault | None:
        """Return why the watermarks of a snapshot do not prove it; None if one of them does."""
        if spec.landing is not None:
            return None
        marks = watermarks_at(self._lake, table, snapshot)
        if not marks:
            return None if _was_never_filled(table, snapshot) else faults.not_on_record(spec.dataset)
        found = [next(self._faults_of(spec, mark), None) for mark in reversed(marks)]
        return found[0] if all(found) else None

    def _faults_of(self, spec: DatasetSpec, mark: Watermark) -> Iterator[Fault]:
        """Yield why rows with this watermark may count the person."""
        if mark.owed:
            yield faults.owes(mark.owed)
        if mark.overdue:
            yield faults.overdue(spec.dataset, mark.overdue)
        for name, position in mark.inputs.items():
            window = spec.inputs.get(name)
            if window is None:
                yield faults.unknown_input(name)
                continue
            if window.dataset == spec.dataset:
                continue
            if position.held_from is not None:
                yield faults.retention(spec.dataset, window.dataset, position.held_from)
            yield from self._faults_of_input(window.dataset, position.uuid, position.snapshot)
            if position.read_ahead is not None:  # a backfill has read these rows
                yield from self._faults_of_input(window.dataset, position.uuid, position.read_ahead)

    def _faults_of_input(self, dataset: str, uuid: str, snapshot: int) -> Iterator[Fault]:
        table = self._table(dataset)
        if table is not None and str(table.metadata.table_uuid) != uuid:
            yield faults.built_from_earlier_table(dataset)
            return
        fault = self.fault(dataset, snapshot)
        if fault is not None:
            yield faults.built_from(dataset, snapshot, fault)


def _remedy(spec: DatasetSpec, behind: Fault | None) -> str:
    """Return what removes rows of the person from a table; empty if its next session does.

    If nothing `behind` the rows is at fault, they follow from no row that the inputs hold.
    """
    if spec.landing is not None:
        return "tidemark erase"
    return behind.remedy if behind is not None else f"tidemark run {spec.dataset} --resync --reason WHY"


def _was_never_filled(table: Table, snapshot_id: int) -> bool:
    snapshots = (table.snapshot_by_id(each) for each in same_rows(table, snapshot_id))
    return any(snapshot is not None and property_of(snapshot, CONTENT) == CREATED for snapshot in snapshots)
