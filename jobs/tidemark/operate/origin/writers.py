"""Which session wrote a row: the one that the snapshot names which added the row's file.

Maintenance rewrites files without changing rows. Then the file that held the row before is looked up in the parent of
the rewriting snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.table import Table

from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import all_of, any_of, both, equals, is_value
from tidemark.catalog.manifests import table_name
from tidemark.catalog.properties import SESSION, property_of
from tidemark.catalog.rows import FoundRow, columns_at, find_rows
from tidemark.lineage.history import keeps_content
from tidemark.operate.origin.chain import LandedRows
from tidemark.spec import DatasetSpec
from tidemark.state.plan import Plan

PLACES = 10
"""The most places that are named of one file."""
FILES = 20
"""The most files that are named of a session whose rows do not name their file."""
REWRITES = 100
"""How many rewrites of a file are looked through."""

FILE, PATH, PLACE = "file_id", "file_path", "place"
"""The columns in which landing records where a row comes from."""


@dataclass(frozen=True)
class Writer:
    """The session that wrote rows, its plan and run; `note` says why, if one of them is not on record."""

    session: str | None
    snapshot: int
    plan: Plan | None = None
    run: str | None = None
    note: str = ""

    @property
    def age(self) -> tuple[bool, Any, str]:
        """What to sort writers by: the clock of their plan."""
        return self.plan is not None, self.plan.clock if self.plan else self.snapshot, self.session or ""

    def __hash__(self) -> int:
        return hash((self.session, self.snapshot))


def writers_of(lake: Lake, table: Table, spec: DatasetSpec, rows: Sequence[FoundRow]) -> dict[Writer, list[FoundRow]]:
    """Return rows by the session that wrote them."""
    groups: dict[int, list[FoundRow]] = {}
    for row in rows:
        groups.setdefault(row.added_by, []).append(row)
    found: dict[Writer, list[FoundRow]] = {}
    for snapshot, group in _before_rewrites(table, spec, groups).items():
        found.setdefault(_writer(lake, table, snapshot), []).extend(group)
    return found


def landed_files(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> tuple[LandedRows, ...]:
    """Return the landed files of a source's rows; empty if the session landed no file."""
    if not plan.files:
        return ()
    digests = {file.path: file.sha256 for file in plan.files}
    if any(PATH not in row for row in rows):
        return tuple(LandedRows(file.path, file.sha256, (), one_of=True) for file in plan.files[:FILES])
    by_file: dict[str, list[int]] = {}
    for row in rows:
        places = by_file.setdefault(row[PATH], [])
        places += [row[PLACE]] if row.get(PLACE) is not None else []
    return tuple(
        LandedRows(path, digests.get(path, ""), tuple(sorted(places)[:PLACES])) for path, places in by_file.items()
    )


def _before_rewrites(
    table: Table, spec: DatasetSpec, groups: Mapping[int, list[FoundRow]]
) -> Mapping[int, list[FoundRow]]:
    """Return the groups by the snapshot that wrote the rows, where maintenance has rewritten the files since."""
    found: dict[int, list[FoundRow]] = {}
    waiting = [(snapshot, rows, REWRITES) for snapshot, rows in groups.items()]
    while waiting:
        snapshot_id, rows, left = waiting.pop()
        snapshot = table.snapshot_by_id(snapshot_id)
        parent = table.snapshot_by_id(snapshot.parent_snapshot_id or 0) if snapshot is not None else None
        if snapshot is None or parent is None or not keeps_content(snapshot) or not left:
            found.setdefault(snapshot_id, []).extend(rows)
            continue
        where = any_of(all_of(is_value(name, row.values[name]) for name in spec.grain) for row in rows)
        columns = [name for name in rows[0].values if name in columns_at(table, parent.snapshot_id)]
        earlier: dict[int, list[FoundRow]] = {}
        for row in find_rows(table, parent.snapshot_id, where, columns, len(rows)).rows:
            earlier.setdefault(row.added_by, []).append(row)
        waiting += [(each, group, left - 1) for each, group in earlier.items()]
    return found


def _writer(lake: Lake, table: Table, snapshot_id: int) -> Writer:
    session = _session_of(lake, table, snapshot_id)
    if session is None:
        snapshot = table.snapshot_by_id(snapshot_id)
        rewritten = snapshot is not None and keeps_content(snapshot)
        note = (
            "maintenance rewrote the file, and the snapshot before has expired"
            if rewritten
            else "no session on record made this snapshot: it was written by other means, or has expired"
        )
        return Writer(None, snapshot_id, note=note)
    stored = ops.rows(lake, "ops.sessions", ops.of_session(session), ("plan", "run"))
    if not stored:
        return Writer(session, snapshot_id, note="its plan is not on record, so what it read is not known")
    return Writer(session, snapshot_id, Plan.from_json(stored[0]["plan"]), stored[0]["run"])


def _session_of(lake: Lake, table: Table, snapshot_id: int) -> str | None:
    """Return the session that made a snapshot. If the snapshot has expired, `ops.high_watermarks` names it."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is not None:
        return property_of(snapshot, SESSION)
    where = both(ops.of_dataset(table_name(table)), equals("snapshot", snapshot_id))
    rows = ops.rows(lake, "ops.high_watermarks", where, ("session", "how"))
    named = [row["session"] for row in rows if row["how"] != "touch"]
    return str(named[0]) if named else None
