"""The columns of the `ops` tables: names, types and meanings.

The page docs/ops-tables.md is printed from here: `PYTHONPATH=jobs python -m tidemark.catalog.ops_tables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

_TEXT = pa.string()
_LONG = pa.int64()
_INSTANT = pa.timestamp("us", tz="UTC")

_TYPE_NAMES: Final[Mapping[pa.DataType, str]] = {
    _TEXT: "string",
    _LONG: "long",
    _INSTANT: "timestamp",
    pa.bool_(): "boolean",
}


@dataclass(frozen=True)
class OpsTable:
    """One table: what a row is, when it is written, and its columns by name with type and meaning."""

    row: str
    columns: Mapping[str, tuple[pa.DataType, str]]

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow writes them; each may be null."""
        return pa.schema([pa.field(name, kind) for name, (kind, _) in self.columns.items()])


_SESSION = (
    _TEXT,
    "The session's id: a hash of its plan, after the day through which it completes the table or `undated`.",
)
_DATASET = (_TEXT, "The dataset's full name, for example `search.interactions`.")
_HOW = (
    _TEXT,
    "What the session does to its table: `append`, `overwrite` or `touch` (only the watermark moves). A session "
    "that does nothing has no row.",
)
_REQUEST = (_TEXT, "The backfill that the session answers, so that asking once does it once; null without one.")

TABLES: Final[Mapping[str, OpsTable]] = {
    "ops.sessions": OpsTable(
        "One row a session that has something to do, written by init before anything else is.",
        {
            "session": _SESSION,
            "dataset": _DATASET,
            "how": _HOW,
            "request_id": _REQUEST,
            "base_snapshot": (_LONG, "The snapshot on the table's main that the plan starts from."),
            "plan": (_TEXT, "The whole plan as JSON; `tidemark sessions` and `tidemark plan` print one for people."),
            "planned_at": (_INSTANT, "The clock of the run that planned it, as handed in."),
        },
    ),
    "ops.high_watermarks": OpsTable(
        "One row a session that published, written by commit. A session of `ops.sessions` without one is not "
        "published, or published and not closed yet.",
        {
            "session": _SESSION,
            "dataset": _DATASET,
            "how": _HOW,
            "snapshot": (_LONG, "The snapshot that the session left on main; a touch names the one that it found."),
            "request_id": _REQUEST,
            "reason": (_TEXT, "Why a person asked for a backfill, a resync, an adoption or a declaration; else null."),
            "previous": (_TEXT, "The table's watermark before the session, as JSON; null for the first session."),
            "current": (_TEXT, "The watermark that the session set, as JSON: what its rows were built from."),
            "complete_through": (
                _INSTANT,
                "All of the table's rows before this instant are there; null where nothing bounds it.",
            ),
            "committed_at": (_INSTANT, "The clock of the run that closed the session, as handed in."),
        },
    ),
    "ops.audit_results": OpsTable(
        "One row a check of a staged snapshot, written by audit whatever it found. A check is recorded once for "
        "each verdict on a snapshot, however often the audit is run.",
        {
            "dataset": _DATASET,
            "session": _SESSION,
            "snapshot_id": (
                _LONG,
                "The staged snapshot that was checked. It is on main only if the session published.",
            ),
            "check": (_TEXT, "The check in words, for example `grain is unique (query_id, item_id)`."),
            "kind": (_TEXT, "`floor`: implied by every spec; `expectation`: written in the dataset's spec."),
            "severity": (_TEXT, "`fail`: the rows are kept back where the check fails; `warn`: it is only shown."),
            "passed": (pa.bool_(), "Whether the rows passed the check."),
            "observed": (_TEXT, "What was found."),
            "expected": (_TEXT, "What should have been found."),
            "unexpected_rows": (_LONG, "How many rows fail the check; null where it is not about single rows."),
            "examples": (_TEXT, "Up to five failing values with the grain of their rows, a line each. They are data."),
            "because": (_TEXT, "Why the check is made."),
            "audited_at": (_INSTANT, "The clock of the run that audited, as handed in."),
        },
    ),
    "ops.landed_files": OpsTable(
        "One row a landed file and table, written by commit of the session that took the file into the table.",
        {
            "dataset": _DATASET,
            "session": _SESSION,
            "path": (_TEXT, "The file's path below the landing folder, with `/`."),
            "size": (_LONG, "Bytes of the file."),
            "sha256": (
                _TEXT,
                "The SHA-256 of its content in hex: content that a table has landed is not landed again.",
            ),
            "landed_at": (_INSTANT, "The clock of the run that closed the session, as handed in."),
            "table_uuid": (
                _TEXT,
                "The table that took it in; a table made anew lands its files again. Null in old rows.",
            ),
            "written_at": (
                _INSTANT,
                "When the file was last changed, as seen when it was first landed. Null in old rows.",
            ),
        },
    ),
    "ops.releases": OpsTable(
        "One row a release: the snapshots of all tables that belong together. Each is tagged with the release's name.",
        {
            "release": (_TEXT, "The release's name, a hash of the snapshots that it names."),
            "model_version": (_TEXT, "The model that the released table serves; null where it serves none."),
            "tables": (_TEXT, "Snapshot ids by dataset, as JSON."),
            "released_at": (_INSTANT, "The clock of the run that released, as handed in."),
        },
    ),
}

SCHEMAS: Final[Mapping[str, pa.Schema]] = {name: table.schema for name, table in TABLES.items()}


def reference() -> str:
    """The page that documents the tables, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The `ops` tables"
    yield ""
    yield "<!-- Generated: PYTHONPATH=jobs .venv/bin/python -m tidemark.catalog.ops_tables > docs/ops-tables.md -->"
    yield ""
    yield (
        "What the loop did, as Iceberg tables in the lake: append only, no row is ever changed. Any column may be "
        "null. A table that an older version made gets its missing columns when the next row is written; until then "
        "they read as null."
    )
    for name, table in TABLES.items():
        yield from ("", f"## {name}", "", table.row, "", "| column | type | meaning |", "|---|---|---|")
        yield from (f"| `{c}` | {_TYPE_NAMES[kind]} | {means} |" for c, (kind, means) in table.columns.items())


if __name__ == "__main__":
    print(reference(), end="")
