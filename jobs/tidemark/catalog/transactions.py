"""Tables whose transactions compute their metadata once after each change.

PyIceberg computes the metadata of a transaction anew at each look, with a deep copy of all snapshots. It looks about
13 times a commit, so a commit would take longer with each snapshot that a table keeps.
"""

from __future__ import annotations

from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableUpdate

_Seen = tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata]


class KeptTransaction(Transaction):
    """A transaction that keeps its metadata until a change is staged or the table itself is another one."""

    _seen: _Seen | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The metadata of the table with the staged changes."""
        base, updates = self._table.metadata, self._updates
        if self._seen is None or self._seen[0] is not base or self._seen[1] is not updates:
            self._seen = (base, updates, super().table_metadata)
        return self._seen[2]


class KeepingTable(Table):
    """A table as PyIceberg loads it, with transactions that keep their metadata."""

    @classmethod
    def of(cls, table: Table) -> KeepingTable:
        """Return the same table."""
        return cls(table._identifier, table.metadata, table.metadata_location, table.io, table.catalog, table.config)

    def transaction(self) -> Transaction:
        """Return a new transaction, in which changes are staged before they are committed."""
        return KeptTransaction(self)
