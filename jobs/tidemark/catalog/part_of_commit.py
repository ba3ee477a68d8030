"""Commit a part of a staged snapshot's files to a branch of its own. Data files stay where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction


def commit_files(
    table: Table, branch: str, added: Sequence[DataFile], removed: Sequence[DataFile], properties: Mapping[str, str]
) -> int:
    """Replace data files by others in one commit on a branch, which has to exist; return the new snapshot's id.

    Raises CommitFailedException if another commit of the table comes first.
    """
    change = table.transaction()
    with change.update_snapshot(snapshot_properties=dict(properties), branch=branch).overwrite() as files:
        for file in removed:
            files.delete_data_file(file)
        for file in added:
            files.append_data_file(file)
    snapshot = commit_change(change).snapshot_by_name(branch)
    assert snapshot is not None, "the commit just created it"
    return snapshot.snapshot_id


def commit_change(change: Transaction) -> Table:
    """Commit, and return the table. Raises CommitFailedException if another commit of the table came first.

    If that commit was on another branch, PyIceberg finds the branch unmoved and only then refuses the sequence number,
    with a ValueError.
    """
    try:
        return change.commit_transaction()
    except ValueError as error:
        if "sequence number" not in str(error):
            raise
        raise CommitFailedException(str(error)) from error
