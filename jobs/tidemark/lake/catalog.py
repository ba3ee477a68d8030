"""Opening the catalog, and creating tables and branches in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import Table
from sqlalchemy.exc import SQLAlchemyError

from tidemark.lake.properties import CATALOG, CONTENT, CREATED
from tidemark.settings import Settings
from tidemark.spec.iceberg import to_partition_spec, to_schema, to_table_properties

if TYPE_CHECKING:
    from tidemark.spec import DatasetSpec

BRANCH_LIFE = timedelta(days=14)
"""How long an unfinished session's branch protects its files; long enough for a person to look at it."""

REF_TRIES = 20
"""A ref is nobody else's, but each commit to its table that comes first refuses the change; so often it is repeated."""


class Lake:
    """One catalog. Tables are named `namespace.name`, as datasets are."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalog = SqlCatalog(CATALOG, **catalog_properties(settings))

    def table(self, dataset: str) -> Table:
        """The table as it is now. Raises NoSuchTableError."""
        return self.catalog.load_table(dataset)

    def find_table(self, dataset: str) -> Table | None:
        """The table as it is now, or None."""
        try:
            return self.catalog.load_table(dataset)
        except NoSuchTableError:
            return None

    def ensure_table(self, spec: DatasetSpec) -> Table:
        """The table of a spec, created with one empty commit where it is missing."""
        found = self.find_table(spec.dataset)
        if found is not None and found.current_snapshot() is not None:
            return found
        table = found if found is not None else self._create(spec)
        return self._first_commit(table)

    def _create(self, spec: DatasetSpec) -> Table:
        schema = to_schema(spec)
        self.ensure_namespace(spec.namespace)
        try:
            return self.catalog.create_table(
                spec.dataset,
                schema=schema,
                partition_spec=to_partition_spec(spec, schema),
                properties=to_table_properties(spec),
            )
        except TableAlreadyExistsError:
            return self.table(spec.dataset)

    def ensure_namespace(self, name: str) -> None:
        """Create a namespace where it is missing; another process may do the same in this instant."""
        if self.catalog.namespace_exists(name):
            return
        try:
            self.catalog.create_namespace(name)
        except (NamespaceAlreadyExistsError, SQLAlchemyError):
            if not self.catalog.namespace_exists(name):
                raise

    def _first_commit(self, table: Table) -> Table:
        """A branch can only start from a snapshot, so each table begins with an empty one."""
        try:
            table.append(table.schema().as_arrow().empty_table(), snapshot_properties={CONTENT: CREATED})
        except CommitFailedException:
            if self.catalog.load_table(table.name()).current_snapshot() is None:
                raise
        return self.catalog.load_table(table.name())

    def create_branch(self, table: Table, name: str, snapshot_id: int) -> None:
        """Create a branch on a snapshot; it ends by itself after BRANCH_LIFE."""
        life = int(BRANCH_LIFE.total_seconds() * 1000)

        def create(current: Table) -> None:
            current.manage_snapshots().create_branch(snapshot_id, name, max_ref_age_ms=life).commit()

        self._move_ref(table, create)

    def remove_branch(self, dataset: str, name: str) -> None:
        """Remove a branch if it is there."""

        def remove(current: Table) -> None:
            if name in current.refs():
                current.manage_snapshots().remove_branch(name).commit()

        self._move_ref(self.table(dataset), remove)

    def _move_ref(self, table: Table, move: Callable[[Table], None]) -> None:
        """Change one ref, again on the newest metadata where another commit got through in the same instant."""
        for attempt in range(REF_TRIES):
            try:
                move(table)
                return
            except CommitFailedException:
                if attempt == REF_TRIES - 1:
                    raise
                table = self.catalog.load_table(table.name())


def catalog_properties(settings: Settings) -> dict[str, str]:
    """What PyIceberg needs to open the catalog."""
    uri = settings.catalog_uri or f"sqlite:///{settings.lake / 'catalog.db'}?timeout=30"
    return {"type": "sql", "uri": uri, "warehouse": settings.warehouse.as_uri(), "pool_pre_ping": "true"}


def open_lake(settings: Settings) -> Lake:
    """Open the home's catalog, preparing the home's folders on the way.

    Also writes `.pyiceberg.yaml`, so that `PYICEBERG_HOME=<home> pyiceberg list` opens the same lake.
    """
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    _write_reader_settings(settings.home / ".pyiceberg.yaml", catalog_properties(settings))
    return Lake(settings)


def _write_reader_settings(path: Path, properties: dict[str, str]) -> None:
    shown = {key: value for key, value in properties.items() if key != "pool_pre_ping"}
    text = yaml.safe_dump({"default-catalog": CATALOG, "catalog": {CATALOG: shown}})
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
