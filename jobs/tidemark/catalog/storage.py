"""Files of tables that cannot be read: said by name, at the place where they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile, DataFileContent
from pyiceberg.table import FileScanTask, ManifestGroupPlanner, Table

from tidemark.errors import StorageError, TidemarkError


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Raises StorageError for whatever goes wrong inside: over a broken file a decoder may raise anything."""
    try:
        yield
    except TidemarkError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def unreadable(path: str, why: object) -> StorageError:
    """The error about one file."""
    missing = isinstance(why, FileNotFoundError)
    said = "it is not there" if missing else (str(why).splitlines() or [""])[0][:200] or type(why).__name__
    return StorageError(
        f"{path}: cannot be read: {said}. Put the file back as it was, or take it out of the table "
        f"(docs/runbooks/storage-error.md), then run it again: it goes on where it stopped"
    )


def check_size(io: FileIO, path: str, size: int) -> None:
    """Raises StorageError where a file is not as long as the table says: a short one may still decode, to less."""
    try:
        found = len(io.new_input(path))
    except OSError as error:
        raise unreadable(path, error) from error
    if found != size:
        raise unreadable(path, f"{found} bytes instead of {size}")


def files_of(table: Table, snapshot_id: int, where: BooleanExpression | None = None) -> list[DataFile]:
    """The data files of a snapshot that may hold rows of a condition. Raises StorageError for a broken manifest.

    Files are listed and not planned to be read: PyIceberg plans no scan over deletes by value.
    """
    planner = ManifestGroupPlanner(table.metadata, table.io, where if where is not None else AlwaysTrue())
    with reading(f"a manifest of {'.'.join(table.name())}"):
        snapshot = table.snapshot_by_id(snapshot_id)
        if snapshot is None:
            raise ValueError(f"snapshot {snapshot_id} is not in the table")
        listed = planner.plan_manifest_entries(snapshot.manifests(table.io))
        files = [entry.data_file for entries in listed for entry in entries]
        return [file for file in files if file.content == DataFileContent.DATA]


def read_column(table: Table, files: Iterable[DataFile], column: str) -> list[Any]:
    """The values of one column in data files, one a row; null where a file is older than the column.

    Rows that delete files take away are read too. Raises StorageError for a file that cannot be read.
    """
    schema = table.schema().select(column)
    values: list[Any] = []
    for file in files:
        with reading(file.file_path):
            scan = ArrowScan(table.metadata, table.io, schema, AlwaysTrue())
            values += scan.to_table([FileScanTask(file)]).column(column).to_pylist()
    return values


def check_data(table: Table, snapshot_id: int, where: BooleanExpression | None = None) -> None:
    """Raises StorageError for the first data file of a snapshot that is not whole.

    Sizes are compared first; only where they are as written is every file read through. Meant for the time
    after a failure, since engines often do not say which file they failed on.
    """
    files = files_of(table, snapshot_id, where)
    for file in files:
        check_size(table.io, file.file_path, file.file_size_in_bytes)
    for file in files:
        with reading(file.file_path), table.io.new_input(file.file_path).open() as stream:
            whole: Any = stream  # it is what pyarrow wants, though its protocol names no base of pyarrow's
            for _ in pq.ParquetFile(whole, page_checksum_verification=True).iter_batches():
                pass
