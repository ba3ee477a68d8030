"""Read and append to the `ops` tables, which record what the loop did. They are written without Spark."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import pyarrow as pa
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import Table

from tidemark.catalog.filters import equals
from tidemark.catalog.lake import Lake
from tidemark.catalog.manifests import ancestors
from tidemark.catalog.ops_tables import SCHEMAS
from tidemark.catalog.part_of_commit import commit_change
from tidemark.catalog.single_try import without_retries
from tidemark.catalog.storage import reading
from tidemark.errors import EngineError

__all__ = [
    "SCHEMAS",
    "append",
    "append_missing",
    "append_once",
    "expire_history",
    "of_dataset",
    "of_request",
    "of_session",
    "replace_rows",
    "rows",
]

_T = TypeVar("_T")

PROPERTIES: Final = {
    "format-version": "2",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",
}

HISTORY = 10
LONGEST_HISTORY = 40
"""If a table has more than LONGEST_HISTORY snapshots, all but the latest HISTORY are expired: nobody reads these tables
as of a snapshot, and the cost of an append grows with their number. Maintenance removes the files of expired snapshots
as orphans (operate/maintenance/files.py)."""

TRIES = 20
"""How often an append is tried. Several sessions append to one table, and each conflict means that one succeeded."""


def append(lake: Lake, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to an ops table; create the table if it is missing. Raises EngineError if all TRIES commits fail."""
    data = _as_arrow(name, rows)
    if data.num_rows:
        _repeat(name, lambda: _add(_ensure(lake, name), data))


def append_once(lake: Lake, name: str, rows: Iterable[Mapping[str, Any]], unless: BooleanExpression) -> bool:
    """Add rows unless the table holds a row that meets the condition; return whether they were added.

    If several processes try at the same time, only one adds its rows, because the commit succeeds only on the snapshot
    that was searched. Raises EngineError if all TRIES commits fail.
    """
    data = _as_arrow(name, rows)

    def add() -> bool:
        table = without_retries(_ensure(lake, name))
        if table.scan(unless, limit=1).to_arrow().num_rows:
            return False
        _add(table, data)
        return True

    return _repeat(name, add)


def append_missing(
    lake: Lake, name: str, rows: Iterable[Mapping[str, Any]], key: tuple[str, ...], among: BooleanExpression
) -> int:
    """Add the rows whose key is not in the table yet; return how many were added.

    `key` names the columns of the key. Only rows of the table that meet the condition `among` are compared. If several
    processes try at the same time, only one adds its rows, as in `append_once`. Raises EngineError if all TRIES commits
    fail.
    """
    given = [dict(row) for row in rows]

    def add() -> int:
        table = without_retries(_ensure(lake, name))
        known = {tuple(row[column] for column in key) for row in _scan(table, name, among, key)}
        missing = [row for row in given if tuple(row[column] for column in key) not in known]
        if missing:
            _add(table, _as_arrow(name, missing))
        return len(missing)

    return _repeat(name, add)


def replace_rows(
    lake: Lake, name: str, where: BooleanExpression, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> int:
    """Replace the rows that meet a condition by what `change` returns for each; return how many there were.

    Only an erasure does this. The commit succeeds only on the snapshot that was searched, so rows that others add
    meanwhile are kept. The earlier snapshots, which still hold the old rows, expire at once. Raises EngineError if all
    TRIES commits fail.
    """

    def replace() -> int:
        table = without_retries(_ensure(lake, name))
        found = _scan(table, name, where, ("*",))
        if found:
            transaction = table.transaction()
            transaction.delete(where)
            # A newer version may have added columns, which stay as they are.
            schema = table.schema().as_arrow()
            transaction.append(pa.Table.from_pylist([change(row) for row in found], schema=schema))
            commit_change(transaction)
        return len(found)

    replaced = _repeat(name, replace)
    expire_history(lake, name)
    return replaced


def expire_history(lake: Lake, name: str) -> None:
    """Expire all snapshots of a table but the newest. If another commit comes first, the next call does it."""
    table = lake.find_table(name)
    if table is not None:
        _cut_history(table, longest=1, kept=1)


def _as_arrow(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return the rows as Arrow, with the machine's clock in `recorded_at`."""
    now = datetime.now(UTC)
    return pa.Table.from_pylist([{"recorded_at": now, **row} for row in rows], schema=SCHEMAS[name])


def _repeat(name: str, commit: Callable[[], _T]) -> _T:
    for _ in range(TRIES):
        try:
            return commit()
        except CommitFailedException:
            continue
    raise EngineError(
        f"{name}: {TRIES} commits were refused; check that the catalog answers (tidemark doctor), then run again"
    )


def _add(table: Table, data: pa.Table) -> None:
    table.append(data)
    _cut_history(table)


def _cut_history(table: Table, longest: int = LONGEST_HISTORY, kept: int = HISTORY) -> None:
    """Expire all but the latest `kept` snapshots and the tagged ones, once there are more than `longest`.

    If another commit comes first, the next append does it.
    """
    head = table.current_snapshot()
    if head is None or len(table.snapshots()) <= longest:
        return
    tagged = {ref.snapshot_id for ref in table.refs().values()}
    main = [snapshot.snapshot_id for snapshot in ancestors(table, head)]
    with contextlib.suppress(CommitFailedException, ValueError):
        table.maintenance.expire_snapshots().by_ids([i for i in main[kept:] if i not in tagged]).commit()


def rows(
    lake: Lake, name: str, where: BooleanExpression | None = None, columns: tuple[str, ...] = ("*",)
) -> list[dict[str, Any]]:
    """Return the rows of an ops table as dicts; an empty list if the table does not exist yet.

    If the table was made by an older version and lacks a column, the column's value is None.
    """
    try:
        table = lake.catalog.load_table(name)
    except NoSuchTableError:
        return []
    return _scan(table, name, where or AlwaysTrue(), columns)


def _scan(table: Table, name: str, where: BooleanExpression, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    present = table.schema().column_names
    scan = table.scan(where, selected_fields=tuple(c for c in columns if c == "*" or c in present))
    with reading(f"a file of {name}"):
        found: list[dict[str, Any]] = scan.to_arrow().to_pylist()
    lacking = dict.fromkeys(c for c in SCHEMAS[name].names if c not in present)
    return [{**lacking, **row} for row in found] if lacking else found


def of_session(session: str) -> BooleanExpression:
    """Match the rows of one session."""
    return equals("session", session)


def of_dataset(dataset: str) -> BooleanExpression:
    """Match the rows of one dataset."""
    return equals("dataset", dataset)


def of_request(request_id: str) -> BooleanExpression:
    """Match the rows of the sessions that answer one request."""
    return equals("request_id", request_id)


def _ensure(lake: Lake, name: str) -> Table:
    """Return the table. Create it if it is missing; add the columns that a table of an older version lacks."""
    with contextlib.suppress(NoSuchTableError):
        table = lake.catalog.load_table(name)
        if not set(SCHEMAS[name].names) <= set(table.schema().column_names):
            table.update_schema().union_by_name(SCHEMAS[name]).commit()
        return table
    lake.ensure_namespace("ops")
    try:
        return lake.catalog.create_table(name, schema=SCHEMAS[name], properties=PROPERTIES)
    except TableAlreadyExistsError:
        return lake.catalog.load_table(name)
