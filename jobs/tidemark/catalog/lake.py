"""Open the catalog, and create tables and branches in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from tidemark.catalog.single_try import without_retries
from tidemark.catalog.storage import reading
from tidemark.catalog.transactions import KeepingTable
from tidemark.errors import MainMoved
from tidemark.settings import Settings
from tidemark.spec.render.iceberg import to_partition_spec, to_schema, to_table_properties
from tidemark.support.atomic_files import replace_file
from tidemark.support.paths import to_location, to_path

if TYPE_CHECKING:
    from tidemark.spec import DatasetSpec

Changed = TypeVar("Changed")

PATIENCE = timedelta(seconds=30)
"""How long a session waits for a catalog that another process has locked. A commit takes milliseconds."""

POSTGRES_DEFAULTS = {"options": f"-c lock_timeout={PATIENCE // timedelta(milliseconds=1)}"}
"""Connection parameters for Postgres that the catalog's address may replace. They limit the wait for a lock."""


class NamingCatalog(SqlCatalog):
    """A catalog whose errors name the metadata file that cannot be read, and whose tables keep what they compute."""

    def _convert_orm_to_iceberg(self, orm_table: IcebergTables) -> Table:
        with reading(str(orm_table.metadata_location)):
            return KeepingTable.of(super()._convert_orm_to_iceberg(orm_table))


def _open_catalog(properties: Mapping[str, str]) -> NamingCatalog:
    """Open the catalog; create its own tables if it is new.

    If another process creates them at the same instant, the slower one fails, and finds them when it opens again.
    """
    try:
        return NamingCatalog(CATALOG, **properties)
    except SQLAlchemyError as error:
        if "already exists" not in str(error):
            raise
        return NamingCatalog(CATALOG, **properties)


REF_TRIES = 20
"""How often a change of a branch or tag is tried. Another commit to the same table makes a try fail, although nobody
else changes the same branch or tag."""


class Lake:
    """One catalog. Tables are named `namespace.name`, as datasets are."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalog = _open_catalog(catalog_properties(settings))

    def table(self, dataset: str) -> Table:
        """Load the table as it is now. Raises NoSuchTableError if it does not exist."""
        return self.catalog.load_table(dataset)

    def find_table(self, dataset: str) -> Table | None:
        """Load the table as it is now; return None if it does not exist."""
        try:
            return self.catalog.load_table(dataset)
        except NoSuchTableError:
            return None

    def ensure_table(self, spec: DatasetSpec) -> Table:
        """Return the table of a spec. If it does not exist, create it with one empty commit."""
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
                location=self._new_folder(spec),
                partition_spec=to_partition_spec(spec, schema),
                properties=to_table_properties(spec),
            )
        except TableAlreadyExistsError:
            return self.table(spec.dataset)

    def _new_folder(self, spec: DatasetSpec) -> str:
        """Return the location of a folder that no other table uses.

        A renamed table keeps its folder, and maintenance removes unknown files from a table's folder. So two tables
        must never share one.
        """
        return f"{to_location(self.settings.warehouse)}/{spec.namespace}/{spec.name}-{uuid4().hex[:8]}"

    def ensure_namespace(self, name: str) -> None:
        """Create a namespace if it does not exist. Another process may create it at the same time."""
        if self.catalog.namespace_exists(name):
            return
        try:
            self.catalog.create_namespace(name)
        except (NamespaceAlreadyExistsError, SQLAlchemyError):
            if not self.catalog.namespace_exists(name):
                raise

    def _first_commit(self, table: Table) -> Table:
        """Commit an empty snapshot, because a branch can only start from a snapshot; return the table."""
        try:
            empty = table.schema().as_arrow().empty_table()
            without_retries(table).append(empty, snapshot_properties={CONTENT: CREATED})
        except CommitFailedException:
            if self.catalog.load_table(table.name()).current_snapshot() is None:
                raise
        return self.catalog.load_table(table.name())

    def create_branch(self, table: Table, name: str, snapshot_id: int) -> None:
        """Create a branch on a snapshot. Raises MainMoved if the snapshot has expired, since main has moved on then."""

        def create(current: Table) -> None:
            if current.snapshot_by_id(snapshot_id) is None:
                raise MainMoved(f"{'.'.join(table.name())}: snapshot {snapshot_id}, the plan's base, has expired")
            create_branch(current, name, snapshot_id)

        self._change_ref(table, create)

    def remove_branch(self, dataset: str, name: str) -> None:
        """Remove a branch if it exists."""
        self.remove_ref(dataset, name)

    def remove_ref(self, dataset: str, name: str) -> bool:
        """Remove a branch or tag; return whether it existed."""
        return self._change_ref(self.table(dataset), lambda current: _remove_ref(current, name))

    def _change_ref(self, table: Table, change: Callable[[Table], Changed]) -> Changed:
        """Change a branch or tag. If another commit comes first, try again on the newest metadata.

        Raises CommitFailedException if all REF_TRIES tries fail.
        """
        for _ in range(REF_TRIES - 1):
            try:
                return change(table)
            except CommitFailedException:
                table = self.catalog.load_table(table.name())
        return change(table)


def _remove_ref(table: Table, name: str) -> bool:
    ref = table.refs().get(name)
    if ref is None:
        return False
    change = table.manage_snapshots()
    is_tag = ref.snapshot_ref_type is SnapshotRefType.TAG
    (change.remove_tag(name) if is_tag else change.remove_branch(name)).commit()
    return True


def catalog_properties(settings: Settings) -> dict[str, str]:
    """Return the properties with which PyIceberg opens the catalog."""
    address = settings.catalog_address
    embedded = f"sqlite:///{settings.lake / 'catalog.db'}?timeout={PATIENCE.total_seconds():.0f}"
    uri = embedded if address is None else address.for_pyiceberg(POSTGRES_DEFAULTS)
    return {"type": "sql", "uri": uri, "warehouse": to_location(settings.warehouse), "pool_pre_ping": "true"}


def table_folders(lake: Lake) -> list[Path]:
    """Return the folders of all tables in the file system. Raises StorageError if a table cannot be read."""
    catalog = lake.catalog
    names = [name for namespace in catalog.list_namespaces() for name in catalog.list_tables(namespace)]
    locations = [catalog.load_table(name).location() for name in names]
    return [to_path(location) for location in locations if location.startswith("file:")]


def open_lake(settings: Settings) -> Lake:
    """Open the home's catalog; create the warehouse's folder if it is missing.

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
    replace_file(path, text, mode=0o600)  # the address of a catalog may contain a password
