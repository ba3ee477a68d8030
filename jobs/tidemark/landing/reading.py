"""Parse the files of a plan in Spark. One task may parse many small files."""

from __future__ import annotations

import heapq
import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidemark.landing.files.folders import folder_hour
from tidemark.landing.job import Shape, make_job
from tidemark.landing.rows.instants import to_micros
from tidemark.landing.worker import parse_files
from tidemark.spec.load import load_specs
from tidemark.state.effect import FileRef

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from tidemark.settings import Settings
    from tidemark.spec import DatasetSpec
    from tidemark.state.plan import Plan

TASK_BYTES = 32 << 20
"""The size of a task in bytes of JSON, as long as this makes neither too few tasks nor too many."""
SMALL_BYTES = 1 << 20
"""The least size of a task in bytes of JSON, for spreading little work over all cores."""
FILE_COST = 64 << 10
"""The cost of opening a file, as the number of bytes of JSON that can be parsed in the same time."""
FILE_FIELDS: list[pa.Field[Any]] = [
    pa.field("task", pa.int32()),
    pa.field("path", pa.string()),
    pa.field("digest", pa.string()),
    pa.field("hour", pa.int64()),
    pa.field("written_at", pa.int64()),
]
FILE_COLUMNS = "task int, path string, digest string, hour bigint, written_at bigint"
EXPANSION = 8
"""How many times larger a compressed log is when decompressed."""


def read_rows(spark: SparkSession, settings: Settings, spec: DatasetSpec, plan: Plan) -> DataFrame:
    """Return the rows of `spec` in the plan's files, with exactly its columns. For a quarantine, return the refusals.

    A record becomes rows in all datasets that its parser names, or it is refused as a whole.
    """
    job = make_job(settings, spec, load_specs(settings.schemas, settings.values), plan)
    tasks = split_files(plan.files, os.cpu_count() or 2)
    files = spark.createDataFrame(_file_table(tasks, plan.clock), FILE_COLUMNS).repartitionById(len(tasks), "task")
    return files.drop("task").mapInArrow(partial(parse_files, job), ddl(job.target))


def split_files(files: Sequence[FileRef], cores: int) -> list[list[FileRef]]:
    """Return the files in groups of about equal work: at least one group, at most 8 for each core."""
    work = {file: _work(file) for file in files}
    total = sum(work.values())
    wanted = max(-(-total // TASK_BYTES), min(2 * cores, -(-total // SMALL_BYTES)))
    count = max(1, min(wanted, 8 * cores, len(files)))
    groups: list[list[FileRef]] = [[] for _ in range(count)]
    least = [(0, number) for number in range(count)]
    for file in sorted(files, key=lambda f: (-work[f], f.path)):
        loaded, number = heapq.heappop(least)
        groups[number].append(file)
        heapq.heappush(least, (loaded + work[file], number))
    return groups


def ddl(shape: Shape) -> str:
    """Return the columns as a Spark DDL schema. All may be null: the audit checks required columns in staged rows."""
    return ", ".join(f"`{column.name}` {_DDL.get(column.type, column.type)}" for column in shape.columns)


def _work(file: FileRef) -> int:
    compressed = file.path.endswith((".gz", ".parquet"))
    return FILE_COST + file.size * (EXPANSION if compressed else 1)


def _file_table(tasks: list[list[FileRef]], clock: datetime) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for number, files in enumerate(tasks):
        for file in files:
            hour = folder_hour(file.path, clock)
            rows.append(
                {
                    "task": number,
                    "path": file.path,
                    "digest": file.sha256,
                    "hour": None if hour is None else to_micros(hour),
                    "written_at": to_micros(file.written_at or clock),
                }
            )
    return pa.Table.from_pylist(rows, schema=pa.schema(FILE_FIELDS))


_DDL = {"long": "bigint", "list<string>": "array<string>"}
