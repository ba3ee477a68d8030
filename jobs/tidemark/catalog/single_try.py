"""Appends that are tried once: a commit that lost to another one is refused instead of being repeated."""

from __future__ import annotations

from pyiceberg.table import Table, TableProperties


def refused_if_overtaken(table: Table) -> Table:
    """The table, whose next append is not moved onto a newer snapshot by the library but refused."""
    properties = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": properties})
    return table
