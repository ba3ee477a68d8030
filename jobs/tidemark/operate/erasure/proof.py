"""Prove that nothing counts a person, from the rows of tables and from what their watermarks were built from.

A snapshot of a derived table equals a rebuild from its inputs at the positions of its watermark, but for ranges that
it owes or that are overdue (ARCHITECTURE, "incremental equals full"). So it counts the person only if one of these
holds, and each of them is looked for:

- it holds a row of the person itself,
- it owes ranges, or some are overdue,
- an input, at the position of the watermark, may count the person.

The last one is followed back to the landed tables. If several watermarks name the same rows, one that proves it is
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
from tidemark.operate.erasure.person import Person
from tidemark.operate.erasure.versions import named_versions
from tidemark.spec import DatasetSpec
from tidemark.state.ranges import describe
from tidemark.state.watermark import Watermark
from tidemark.support.text import count


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

    def _fault(self, dataset: str, snapshot: int) -> str | None:
        """Return why a snapshot of a dataset may count the person; None if it is proven that it does not."""
        table, spec = self._table(dataset), self._specs.get(dataset)
        if table is None or spec is None:
            return "the table does not exist any more, so it proves nothing"
        readable = readable_snapshot(table, snapshot)
        if readable is None and self._person.is_in(spec):
            return "this snapshot cannot be read any more, so it proves nothing"
        rows = self.rows(dataset, readable) if readable is not None else 0
        if rows:
            return f"it holds {count(rows, 'row')} of the person"
        return self._fault_of_versions(table, spec, readable) or self._fault_of_lineage(table, spec, snapshot)

    def _fault_of_versions(self, table: Table, spec: DatasetSpec, snapshot: int | None) -> str | None:
        """Return which version that the rows name may count the person; None if there is none."""
        versions = named_versions(self._lake, self._specs, table, spec, snapshot) if snapshot is not None else ()
        for version in versions:
            if version.reads is None:
                return f"it serves {version.name}, and what that was made from is not on record"
            for dataset, read in version.reads:
                fault = self.fault(dataset, read)
                if fault is not None:
                    return f"it serves {version.name}, made from {dataset} at snapshot {read}: {fault}"
        return None

    def _fault_of_lineage(self, table: Table, spec: DatasetSpec, snapshot: int) -> str | None:
        """Return why the watermarks of a snapshot do not prove it; None if one of them does."""
        if not spec.inputs:
            return None
        marks = watermarks_at(self._lake, table, snapshot)
        if not marks:
            unknown = "which inputs it was built from is not on record"
            return None if _was_never_filled(table, snapshot) else unknown
        faults = [next(self._faults_of(spec, mark), None) for mark in reversed(marks)]
        return faults[0] if all(faults) else None

    def _faults_of(self, spec: DatasetSpec, mark: Watermark) -> Iterator[str]:
        """Yield why rows with this watermark may count the person."""
        if mark.owed:
            yield f"it owes {describe(mark.owed)}"
        if mark.overdue:
            yield f"{describe(mark.overdue)} are overdue and wait for a backfill"
        for name, position in mark.inputs.items():
            window = spec.inputs.get(name)
            if window is not None and window.dataset != spec.dataset:
                yield from self._faults_of_input(window.dataset, position.uuid, position.snapshot)

    def _faults_of_input(self, dataset: str, uuid: str, snapshot: int) -> Iterator[str]:
        table = self._table(dataset)
        if table is not None and str(table.metadata.table_uuid) != uuid:
            yield f"it was built from an earlier table of the name {dataset}"
            return
        fault = self.fault(dataset, snapshot)
        if fault is not None:
            yield f"it was built from {dataset} at snapshot {snapshot}: {fault}"


def _was_never_filled(table: Table, snapshot_id: int) -> bool:
    snapshots = (table.snapshot_by_id(each) for each in same_rows(table, snapshot_id))
    return any(snapshot is not None and property_of(snapshot, CONTENT) == CREATED for snapshot in snapshots)
