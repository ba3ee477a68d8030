"""Find the data files of a table that hold rows with given values, in any of its snapshots. No engine is started."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.expressions import BooleanExpression
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFileContent, ManifestFile
from pyiceberg.table import FileScanTask, ManifestGroupPlanner, Table

from tidemark.catalog.manifests import manifests_of, schema_at, table_name
from tidemark.catalog.storage import reading


@dataclass(frozen=True)
class MatchingFile:
    """A data file with rows that meet the condition. `rows` are these rows with the wanted columns of the file."""

    path: str
    rows: pa.Table


class MatchingFiles:
    """A search for rows of one table that meet a condition.

    Each data file is read once, however many snapshots share it. Files that cannot hold such rows, by their bounds,
    are not read.
    """

    def __init__(
        self,
        table: Table,
        where: BooleanExpression,
        needed: Collection[str],
        wanted: Collection[str] = (),
        select: Callable[[pa.Table], pa.Table] | None = None,
    ) -> None:
        """`needed` are the columns of the condition, `wanted` the columns to return if a snapshot has them.

        `select` returns those of the rows that count, if the condition alone does not say it.
        """
        self._table, self._where, self._select = table, where, select
        self._needed, self._wanted = set(needed), set(wanted)
        self._read: dict[str, MatchingFile] = {}
        self._listed: dict[str, list[MatchingFile]] = {}

    def at(self, snapshot_id: int) -> Iterator[MatchingFile]:
        """Yield the matching files of a snapshot; none if it has expired or lacks a column of the condition.

        Raises StorageError if a file cannot be read.
        """
        if self._table.snapshot_by_id(snapshot_id) is None:
            return
        present = {field.name for field in schema_at(self._table, snapshot_id).fields}
        if not self._needed <= present:
            return
        with reading(f"a file of {table_name(self._table)}"):
            found = [self._matching(snapshot_id, task, self._wanted & present) for task in self._tasks(snapshot_id)]
        yield from (file for file in found if file.rows.num_rows)

    def stored_at(self, snapshot_id: int) -> Iterator[MatchingFile]:
        """Yield the files of an existing snapshot that store matching rows, even if delete files hide them.

        Each manifest is read once, however many snapshots share it, so this is the way to go through a whole history.
        Raises StorageError if a file cannot be read.
        """
        snapshot = self._table.snapshot_by_id(snapshot_id)
        assert snapshot is not None, "the caller has listed the snapshots"
        for manifest in manifests_of(self._table, snapshot):
            if manifest.manifest_path not in self._listed:
                self._listed[manifest.manifest_path] = self._listed_in(manifest)
            yield from self._listed[manifest.manifest_path]

    def _listed_in(self, manifest: ManifestFile) -> list[MatchingFile]:
        planner = ManifestGroupPlanner(self._table.metadata, self._table.io, self._where)
        present = {field.name for field in self._table.schema().fields}
        if not self._needed <= present:
            return []
        wanted = self._wanted & present
        with reading(manifest.manifest_path):
            files = [entry.data_file for entries in planner.plan_manifest_entries([manifest]) for entry in entries]
            data = (file for file in files if file.content == DataFileContent.DATA)
            found = [self._matching(None, FileScanTask(file), wanted) for file in data]
        return [file for file in found if file.rows.num_rows]

    def _tasks(self, snapshot_id: int) -> Iterable[FileScanTask]:
        return self._table.scan(self._where, snapshot_id=snapshot_id).plan_files()

    def _matching(self, snapshot_id: int | None, task: FileScanTask, wanted: Collection[str]) -> MatchingFile:
        # A delete file of a later snapshot changes which rows of the same data file are left.
        key = "|".join([task.file.file_path, *sorted(file.file_path for file in task.delete_files)])
        if key not in self._read:
            scan = self._table.scan(snapshot_id=snapshot_id, selected_fields=tuple(wanted) or tuple(self._needed))
            rows = ArrowScan(self._table.metadata, self._table.io, scan.projection(), self._where).to_table([task])
            self._read[key] = MatchingFile(task.file.file_path, rows if self._select is None else self._select(rows))
        return self._read[key]
