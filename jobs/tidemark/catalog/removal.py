"""Remove rows from main by their values. The files that hold them are written anew without them (copy on write)."""

from __future__ import annotations

from collections.abc import Mapping

from pyiceberg.expressions import BooleanExpression
from pyiceberg.table import Table

from tidemark.catalog.manifests import table_name
from tidemark.catalog.part_of_commit import commit_change
from tidemark.catalog.single_try import without_retries
from tidemark.catalog.storage import reading


def remove_rows(table: Table, where: BooleanExpression, properties: Mapping[str, str]) -> None:
    """Remove the rows of main that meet a condition, in one commit on main as it was loaded in `table`.

    The commit makes up to two snapshots with the given properties: one without the files that held only such rows,
    and one with the rewritten files. Raises CommitFailedException if another commit of the table came first, and
    StorageError if a file cannot be read; then no row is removed.
    """
    change = without_retries(table).transaction()
    with reading(f"a file of {table_name(table)}"):
        change.delete(where, snapshot_properties=dict(properties))
    commit_change(change)
