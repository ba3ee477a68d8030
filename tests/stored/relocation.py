"""Moves a lake to another folder by rewriting the absolute paths in the metadata of Iceberg."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastavro


def relocate(home: Path, old: str, new: str, codec: str = "deflate") -> None:
    """Rewrite all paths below `old` in the catalog and the metadata of `home`, so that the lake can move to `new`.

    Manifests are rewritten before the manifest lists, which contain the length of each manifest. The Avro files keep
    their schemas and properties. `codec` is their compression; the default is that of Iceberg. Data files contain no
    paths and are not changed.
    """

    def moved(value: Any) -> Any:
        return value.replace(f"{old}/", f"{new}/") if isinstance(value, str) else value

    files = sorted((home / "lake" / "warehouse").rglob("metadata/*.avro"))
    lists = [file for file in files if file.name.startswith("snap-")]
    for file in files:
        if file not in lists:
            _rewrite(file, codec, lambda entry: _moved_entry(entry, moved))
    for file in lists:
        _rewrite(file, codec, lambda entry: _moved_manifest(entry, moved, home, new))
    for file in (home / "lake" / "warehouse").rglob("metadata/*.json"):
        file.write_text(moved(file.read_text(encoding="utf-8")), encoding="utf-8")
    _rewrite_catalog(home / "lake" / "catalog.db", moved)


def _moved_entry(entry: dict[str, Any], moved: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a manifest entry with the new path of its data file."""
    file = {name: moved(value) if name == "file_path" else value for name, value in entry["data_file"].items()}
    return {**entry, "data_file": file}


def _moved_manifest(entry: dict[str, Any], moved: Callable[[Any], Any], home: Path, new: str) -> dict[str, Any]:
    """Return an entry of a manifest list with the new path and the current length of its manifest."""
    path = moved(entry["manifest_path"])
    lies_at = home / path.partition(f"{new}/")[2]
    return {**entry, "manifest_path": path, "manifest_length": lies_at.stat().st_size}


def _rewrite(file: Path, codec: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    with file.open("rb") as source:
        reader: Any = fastavro.reader(source)
        properties = dict(reader.metadata)
        entries = [change(entry) for entry in reader]
    schema = json.loads(properties.pop("avro.schema"))
    del properties["avro.codec"]
    with file.open("wb") as target:
        fastavro.writer(target, schema, entries, codec=codec, metadata=properties)


def _rewrite_catalog(path: Path, moved: Callable[[Any], Any]) -> None:
    columns = {
        "iceberg_tables": ("metadata_location", "previous_metadata_location"),
        "iceberg_namespace_properties": ("property_value",),
    }
    with contextlib.closing(sqlite3.connect(path)) as catalog, catalog:
        catalog.create_function("moved", 1, moved)
        for table, names in columns.items():
            for name in names:
                catalog.execute(f"UPDATE {table} SET {name} = moved({name})")
