"""Read and check files of tables, with errors that name the file that cannot be read."""

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
    """Translate every error inside into StorageError, because a decoder may raise anything for a broken file."""
    try:
        yield
    except TidemarkError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def unreadable(path: str, why: object) -> StorageError:
    """Return the error about a file that cannot be read."""
    missing = isinstance(why, FileNotFoundError)
    reason = "it does not exist" if missing else (str(why).splitlines() or [""])[0][:200] or type(why).__name__
    return StorageError(
        f"{path}: cannot be read: {reason}. Restore the file, or remove it from the table "
        f"(docs/runbooks/storage-error.md), then run the session again. It resumes where it stopped"
    )


def check_size(io: FileIO, path: str, size: int) -> None:
    """Check that a file has the length that the table records. Raises StorageError.

    A file that was cut short may still decode, but to fewer rows.
    """
    try:
        found = len(io.new_input(path))
    except OSError as error:
        raise unreadable(path, error) from error
    if found != size:
        raise unreadable(path, f"{found} bytes instead of {size}")


def files_of(table: Table, snapshot_id: int, where: BooleanExpression | None = None) -> list[DataFile]:
    """Return the data files of a snapshot that may hold rows that meet a condition.

    Raises StorageError if a manifest cannot be read. The manifests are listed without planning a scan, because
    PyIceberg cannot plan a scan of a table with equality deletes.
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
    """Return the values of one column in data files, one for each row; None if a file is older than the column.

    Rows that delete files remove are included. Raises StorageError if a file cannot be read.
    """
    schema = table.schema().select(column)
    values: list[Any] = []
    for file in files:
        with reading(file.file_path):
            scan = ArrowScan(table.metadata, table.io, schema, AlwaysTrue())
            values += scan.to_table([FileScanTask(file)]).column(column).to_pylist()
    return values


def check_data(table: Table, snapshot_id: int, where: BooleanExpression | None = None) -> None:
    """Check the data files of a snapshot. Raises StorageError for the first one that is broken.

    The sizes are compared first. If all are right, every file is read through, which takes long. Call this after a
    failure, because Spark often does not say which file it failed on.
    """
    files = files_of(table, snapshot_id, where)
    for file in files:
        check_size(table.io, file.file_path, file.file_size_in_bytes)
    for file in files:
        with reading(file.file_path), table.io.new_input(file.file_path).open() as stream:
            source: Any = stream  # pyarrow accepts it, although PyIceberg's protocol has no base class of pyarrow
            for _ in pq.ParquetFile(source, page_checksum_verification=True).iter_batches():
                pass
