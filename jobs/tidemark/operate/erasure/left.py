"""What an erasure does not reach: snapshots that still hold the rows, landed files, later tables, earlier versions.

It is read from the snapshots that the tables still have, so it is the same however often the command is run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import one_of
from tidemark.catalog.matching_files import MatchingFile
from tidemark.operate.erasure.account import Held, LandedFile, Left
from tidemark.operate.erasure.find import FILE, PATH, person_files, quarantines
from tidemark.operate.erasure.person import Person, landed_with
from tidemark.spec import DatasetSpec


@dataclass
class _Search:
    """What was found so far."""

    held: list[Held] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    unnamed: set[str] = field(default_factory=set)


def what_is_left(lake: Lake, specs: Mapping[str, DatasetSpec], person: Person) -> Left:
    """Return what still holds the person's rows, apart from main of the landed tables."""
    found = _Search()
    refused = {spec.dataset for spec in quarantines(specs)}
    for name, spec in sorted(specs.items()):
        table = lake.find_table(name) if person.is_in(spec) or name in refused else None
        if table is not None:
            _look_into(table, spec, person, found)
    files = {**_paths(lake, [each for each, path in found.files.items() if not path]), **_named(found.files)}
    return Left(
        files=tuple(LandedFile(path, each) for each, path in sorted(files.items(), key=lambda item: item[::-1])),
        unnamed=tuple(sorted(found.unnamed)),
        held=tuple(found.held),
        waiting=tuple(found.waiting),
        versions=tuple(_version_tables(specs, {spec.dataset for spec in landed_with(specs, person)})),
    )


def _look_into(table: Table, spec: DatasetSpec, person: Person, found: _Search) -> None:
    files = person_files(table, spec, person, (FILE, PATH))
    holding = {s.snapshot_id: matching for s in table.snapshots() if (matching := list(files.stored_at(s.snapshot_id)))}
    if not holding:
        return
    snapshots = [snapshot for snapshot in table.snapshots() if snapshot.snapshot_id in holding]
    found.held.append(
        Held(spec.dataset, len(snapshots), max(map(_committed_at, snapshots)), tuple(_releases(table, holding)))
    )
    head = table.current_snapshot()
    if spec.landing is None:
        found.waiting += [spec.dataset] if head is not None and head.snapshot_id in holding else []
        return
    for matching in holding.values():
        for file in matching:
            _add_landed_files(spec, file, found)


def _add_landed_files(spec: DatasetSpec, file: MatchingFile, found: _Search) -> None:
    """Add the landed files that the rows of a data file name; the path is empty if they name only the id."""
    columns = file.rows.column_names
    if FILE not in columns:
        found.unnamed.add(spec.dataset)
        return
    for row in file.rows.group_by([name for name in (FILE, PATH) if name in columns]).aggregate([]).to_pylist():
        found.files[str(row[FILE])] = row.get(PATH) or ""


def _named(files: Mapping[str, str]) -> dict[str, str]:
    return {each: path for each, path in files.items() if path}


def _paths(lake: Lake, ids: Collection[str]) -> dict[str, str]:
    """Return the paths of landed files by their ids, as `ops.landed_files` has them."""
    if not ids:
        return {}
    rows = ops.rows(lake, "ops.landed_files", one_of("sha256", ids), ("sha256", "path"))
    return dict.fromkeys(ids, "") | {row["sha256"]: row["path"] for row in rows}


def _releases(table: Table, snapshots: Collection[int]) -> list[str]:
    """Return the tags on the snapshots."""
    tags = ((name, ref) for name, ref in table.refs().items() if ref.snapshot_ref_type is SnapshotRefType.TAG)
    return sorted(name for name, ref in tags if ref.snapshot_id in snapshots)


def _committed_at(snapshot: Snapshot) -> datetime:
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)


def _version_tables(specs: Mapping[str, DatasetSpec], sources: Collection[str]) -> Iterator[str]:
    """Yield the tables with a version for each session that follow from the landed tables."""
    for name, spec in sorted(specs.items()):
        if spec.replace == "append" and _follows(specs, name, sources, {name}):
            yield name


def _follows(specs: Mapping[str, DatasetSpec], name: str, sources: Collection[str], seen: set[str]) -> bool:
    """Return whether a dataset follows from one of the sources. `seen` are the datasets on the way to it."""
    inputs = {window.dataset for window in specs[name].inputs.values()} - seen
    return any(each in sources or (each in specs and _follows(specs, each, sources, seen | {each})) for each in inputs)
