"""Opening the catalog, and creating tables and branches in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import yaml
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType
from sqlalchemy.exc import SQLAlchemyError

from tidemark.catalog.branches import create_branch
from tidemark.catalog.properties import CATALOG, CONTENT, CREATED
from tidemark.catalog.single_try import refused_if_overtaken
from tidemark.catalog.storage import reading
from tidemark.errors import MainMoved
from tidemark.settings import Settings
from tidemark.spec.render.iceberg import to_partition_spec, to_schema, to_table_properties
from tidemark.support.atomic_files import replace_file
from tidemark.support.paths import to_location, to_path

if TYPE_CHECKING:
    from tidemark.spec import DatasetSpec

Moved = TypeVar("Moved")

PATIENCE = timedelta(seconds=30)
"""How long a session waits for a catalog that another process holds; a commit takes milliseconds."""

POSTGRES_DEFAULTS = {"options": f"-c lock_timeout={PATIENCE // timedelta(milliseconds=1)}"}
"""What a connection to Postgres begins with, unless the catalog's address says otherwise: wait, but not forever."""


class NamingCatalog(SqlCatalog):
    """A catalog that names the metadata file which it cannot read."""

    def _convert_orm_to_iceberg(self, orm_table: IcebergTables) -> Table:
        with reading(str(orm_table.metadata_location)):
            return super()._convert_orm_to_iceberg(orm_table)


REF_TRIES = 20
"""A ref is nobody else's, but each commit to its table that comes first refuses the change; so often it is repeated."""


class Lake:
    """One catalog. Tables are named `namespace.name`, as datasets are."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalog = NamingCatalog(CATALOG, **catalog_properties(settings))

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
        table = found if found is not None else self._create(spec)
        return table if table.current_snapshot() is not None else self._first_commit(table)

    def _create(self, spec: DatasetSpec) -> Table:
        schema = to_schema(spec)
        self.ensure_namespace(spec.namespace)
        try:
            return self.catalog.create_table(
                spec.dataset,
                schema=schema,
                location=self._own_folder(spec),
                partition_spec=to_partition_spec(spec, schema),
                properties=to_table_properties(spec),
            )
        except TableAlreadyExistsError:
            return self.table(spec.dataset)

    def _own_folder(self, spec: DatasetSpec) -> str:
        """A folder that no other table has, one that was renamed included: each sweeps the orphans of its own."""
        return f"{to_location(self.settings.warehouse)}/{spec.namespace}/{spec.name}-{uuid4().hex[:8]}"

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
            empty = table.schema().as_arrow().empty_table()
            refused_if_overtaken(table).append(empty, snapshot_properties={CONTENT: CREATED})
        except CommitFailedException:
            if self.catalog.load_table(table.name()).current_snapshot() is None:
                raise
        return self.catalog.load_table(table.name())

    def create_branch(self, table: Table, name: str, snapshot_id: int) -> None:
        """Create a branch on a snapshot. Raises MainMoved where that has expired: then main stands on another."""

        def create(current: Table) -> None:
            if current.snapshot_by_id(snapshot_id) is None:
                raise MainMoved(f"{'.'.join(table.name())}: snapshot {snapshot_id}, the plan's base, has expired")
            create_branch(current, name, snapshot_id)

        self._move_ref(table, create)

    def remove_branch(self, dataset: str, name: str) -> None:
        """Remove a branch if it is there."""
        self.remove_ref(dataset, name)

    def remove_ref(self, dataset: str, name: str) -> bool:
        """Remove a branch or tag; whether it was there."""
        return self._move_ref(self.table(dataset), lambda current: _remove_ref(current, name))

    def _move_ref(self, table: Table, move: Callable[[Table], Moved]) -> Moved:
        """Change one ref, again on the newest metadata where another commit got through in the same instant."""
        for _ in range(REF_TRIES - 1):
            try:
                return move(table)
            except CommitFailedException:
                table = self.catalog.load_table(table.name())
        return move(table)


def _remove_ref(table: Table, name: str) -> bool:
    ref = table.refs().get(name)
    if ref is None:
        return False
    change = table.manage_snapshots()
    is_tag = ref.snapshot_ref_type is SnapshotRefType.TAG
    (change.remove_tag(name) if is_tag else change.remove_branch(name)).commit()
    return True


def catalog_properties(settings: Settings) -> dict[str, str]:
    """What PyIceberg needs to open the catalog."""
    address = settings.catalog_address
    embedded = f"sqlite:///{settings.lake / 'catalog.db'}?timeout={PATIENCE.total_seconds():.0f}"
    uri = embedded if address is None else address.for_pyiceberg(POSTGRES_DEFAULTS)
    return {"type": "sql", "uri": uri, "warehouse": to_location(settings.warehouse), "pool_pre_ping": "true"}


def table_folders(lake: Lake) -> list[Path]:
    """The folder of each table that lies in the file system. Raises StorageError for a table that cannot be read."""
    catalog = lake.catalog
    names = [name for namespace in catalog.list_namespaces() for name in catalog.list_tables(namespace)]
    locations = [catalog.load_table(name).location() for name in names]
    return [to_path(location) for location in locations if location.startswith("file:")]


def open_lake(settings: Settings) -> Lake:
    """Open the home's catalog, preparing the home's folders on the way.

    Also writes `.pyiceberg.yaml`, so that `PYICEBERG_HOME=<home> pyiceberg list` opens the same lake.
    """
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    _write_reader_settings(settings.home / ".pyiceberg.yaml", catalog_properties(settings))
    return Lake(settings)


def _write_reader_settings(path: Path, properties: dict[str, str]) -> None:
    shown = {key: value for key, value in properties.items() if key != "pool_pre_ping"}
    text = yaml.safe_dump(
        {"default-catalog": CATALOG, "catalog": {CATALOG: shown}}, allow_unicode=True, width=float("inf")
    )
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    replace_file(path, text, mode=0o600)  # the address of a catalog may hold a password
