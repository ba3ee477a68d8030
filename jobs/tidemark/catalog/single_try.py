"""Append without retries: if another commit comes first, the append fails instead of being repeated."""

from __future__ import annotations

from pyiceberg.table import Table, TableProperties


def without_retries(table: Table) -> Table:
    """Return the table, changed so that an append fails if another commit came first.

    By default PyIceberg would repeat the append on the newer snapshot.
    """
    properties = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": properties})
    return table
