"""Housekeeping of one table: fold small files, drop old branches, expire what no reader needs.

Every commit here says that it kept the content, so that readers step over it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pyiceberg.table import Table
from pyspark.sql import Row

from tidemark.failures import told
from tidemark.lake.commits import watermark_of
from tidemark.lake.manifests import ancestors, table_name
from tidemark.lake.ops import SCHEMAS
from tidemark.lake.properties import BRANCH_PREFIX, CATALOG
from tidemark.lake.storage import files_of
from tidemark.records import Watermark
from tidemark.requests import check_dataset
from tidemark.spark import connect
from tidemark.steps.context import Context

KEEP_SNAPSHOTS_FOR = timedelta(days=7)
"""A reader that pinned a snapshot has this long to finish."""

KEEP_BRANCHES_FOR = timedelta(days=7)
"""An unfinished session's rows stay this long for a person to look at."""

SMALL_FILES = 20
"""Fold files only where a table holds more than this many; each rewrite costs seconds."""


def maintain_ops(context: Context) -> str:
    """Maintain the tables of `ops`; a line each."""
    return "\n".join(maintain(context, name) for name in SCHEMAS)


@told
def maintain(context: Context, dataset: str) -> str:
    """Maintain one table and say in a line what was done."""
    table = context.lake.find_table(dataset)
    if table is None or table.current_snapshot() is None:
        return f"{dataset}: not there yet"
    branches = _drop_old_branches(context, table)
    folded = _fold_small_files(context, dataset, table)
    expired = _expire(context, dataset)
    return f"{dataset}: {folded} files folded, {expired} snapshots expired, {branches} old branches dropped"


def _drop_old_branches(context: Context, table: Table) -> int:
    oldest = (context.clock - KEEP_BRANCHES_FOR).timestamp() * 1000
    dropped = 0
    for name in sorted(table.refs()):
        head = table.snapshot_by_name(name)
        if name.startswith(BRANCH_PREFIX) and head is not None and head.timestamp_ms < oldest:
            context.lake.remove_branch(table_name(table), name)
            dropped += 1
    return dropped


def _fold_small_files(context: Context, dataset: str, table: Table) -> int:
    head = table.current_snapshot()
    if head is None or len(files_of(table, head.snapshot_id)) <= SMALL_FILES:
        return 0
    return int(_call(context, "rewrite_data_files", dataset)["rewritten_data_files_count"])


def _expire(context: Context, dataset: str) -> int:
    """Expire snapshots that are old, and older than every reader's position."""
    table = context.lake.table(dataset)
    until = min([context.clock - KEEP_SNAPSHOTS_FOR, *_needed_since(context, table)])
    old = [s for s in table.snapshots() if s.timestamp_ms < until.timestamp() * 1000]
    if len(old) < 2:
        return 0
    before = len(table.snapshots())
    _call(context, "expire_snapshots", dataset, until)
    return before - len(context.lake.table(dataset).snapshots())


def _call(context: Context, procedure: str, dataset: str, until: datetime | None = None) -> Row:
    """Call a procedure of Iceberg on a table. CALL takes no bound arguments, so the name is checked first."""
    arguments = f"table => '{check_dataset(dataset)}'"
    if until is not None:
        arguments += f", older_than => TIMESTAMP '{until.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z'"
    row: Row = connect(context.settings).sql(f"CALL {CATALOG}.system.{procedure}({arguments})").collect()[0]
    return row


def _needed_since(context: Context, table: Table) -> Iterable[datetime]:
    """When the oldest snapshots were made that a reader's watermark stands on, or the table's own."""
    name = table_name(table)
    own = watermark_of(table)
    if own is not None:
        yield from _made_at(table, own.snapshot)
    for mark in _watermarks_of_readers(context, name):
        for window, position in mark.inputs.items():
            if window and position.uuid == str(table.metadata.table_uuid):
                yield from _made_at(table, position.snapshot)


def _watermarks_of_readers(context: Context, dataset: str) -> Iterable[Watermark]:
    for spec in context.specs.values():
        if any(window.dataset == dataset for window in spec.inputs.values()):
            reader = context.lake.find_table(spec.dataset)
            mark = watermark_of(reader) if reader is not None else None
            if mark is not None:
                yield mark


def _made_at(table: Table, snapshot_id: int) -> Iterable[datetime]:
    """The least commit time from a snapshot on, since commit times may run back."""
    head = table.current_snapshot()
    times = []
    for snapshot in ancestors(table, head) if head else ():
        times.append(snapshot.timestamp_ms)
        if snapshot.snapshot_id == snapshot_id:
            yield datetime.fromtimestamp(min(times) / 1000, UTC)
            return
