"""The columns of the `ops` tables: names, types and meanings.

This command prints the page docs/ops-tables.md: `PYTHONPATH=jobs python -m tidemark.catalog.ops_tables`.
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
    """One table: what a row stands for, when it is written, and each column's type and meaning by its name."""

    row: str
    columns: Mapping[str, tuple[pa.DataType, str]]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema. Every column may be null."""
        return pa.schema([pa.field(name, kind) for name, (kind, _) in self.columns.items()])


_SESSION = (
    _TEXT,
    "The session's id: the day through which it completes the table, or `undated`, followed by a hash of its plan.",
)
_DATASET = (_TEXT, "The dataset's full name, for example `search.interactions`.")
_HOW = (
    _TEXT,
    "What the session does to its table: `append`, `overwrite` or `touch` (only the watermark moves). A session "
    "that does nothing has no row.",
)
_REQUEST = (
    _TEXT,
    "The id of the backfill request that the session answers; null for other sessions. A request that is repeated "
    "under the same id is not done again.",
)

TABLES: Final[Mapping[str, OpsTable]] = {
    "ops.sessions": OpsTable(
        "One row for each session that has something to do. init writes it before anything else is written.",
        {
            "session": _SESSION,
            "dataset": _DATASET,
            "how": _HOW,
            "request_id": _REQUEST,
            "base_snapshot": (_LONG, "The snapshot on the table's main that the plan starts from."),
            "plan": (_TEXT, "The whole plan as JSON; `tidemark sessions` and `tidemark plan` print plans for people."),
            "planned_at": (_INSTANT, "The clock that was given to the run that planned the session."),
        },
    ),
    "ops.high_watermarks": OpsTable(
        "One row for each session that published, written by commit. If a session of `ops.sessions` has no row here, "
        "it is not published, or it is published and not closed yet.",
        {
            "session": _SESSION,
            "dataset": _DATASET,
            "how": _HOW,
            "snapshot": (_LONG, "The snapshot that the session left on main; for a touch, the one that it found."),
            "request_id": _REQUEST,
            "reason": (
                _TEXT,
                "Why a person asked for a backfill, a resync, an adoption or a declaration; null for other sessions.",
            ),
            "previous": (_TEXT, "The table's watermark before the session, as JSON; null for the first session."),
            "current": (_TEXT, "The watermark that the session set, as JSON: what its rows were built from."),
            "complete_through": (
                _INSTANT,
                "All rows of the table before this instant (exclusive) are built; null if nothing bounds the table.",
            ),
            "committed_at": (_INSTANT, "The clock that was given to the run that closed the session."),
        },
    ),
    "ops.audit_results": OpsTable(
        "One row for each check of a staged snapshot, written by audit whether it passed or failed. If the audit is "
        "repeated, a check is recorded again only if its verdict on the snapshot differs.",
        {
            "dataset": _DATASET,
            "session": _SESSION,
            "snapshot_id": (
                _LONG,
                "The staged snapshot that was checked. It is on main only if the session published.",
            ),
            "check": (_TEXT, "The check in words, for example `grain is unique (query_id, item_id)`."),
            "kind": (_TEXT, "`floor`: implied by every spec; `expectation`: written in the dataset's spec."),
            "severity": (_TEXT, "`fail`: if the check fails, nothing is published; `warn`: a failure is only shown."),
            "passed": (pa.bool_(), "Whether the rows passed the check."),
            "observed": (_TEXT, "What was found."),
            "expected": (_TEXT, "What should have been found."),
            "unexpected_rows": (_LONG, "How many rows fail the check; null if the check is not about single rows."),
            "examples": (
                _TEXT,
                "Up to five failing values with the grain of their rows, one in a line. They are real data.",
            ),
            "because": (_TEXT, "Why the check is made."),
            "audited_at": (_INSTANT, "The clock that was given to the run that audited the snapshot."),
        },
    ),
    "ops.landed_files": OpsTable(
        "One row for each landed file and each table that took it in, written by the session's commit.",
        {
            "dataset": _DATASET,
            "session": _SESSION,
            "path": (_TEXT, "The file's path below the landing folder, with `/`."),
            "size": (_LONG, "Bytes of the file."),
            "sha256": (
                _TEXT,
                "The SHA-256 of the file's content in hex. A table never takes in the same content twice.",
            ),
            "landed_at": (_INSTANT, "The clock that was given to the run that closed the session."),
            "table_uuid": (
                _TEXT,
                "The uuid of the table that took the file in. A table that was created again takes in its files again. "
                "Null in old rows.",
            ),
            "written_at": (
                _INSTANT,
                "When the file was last changed, as seen when it was first taken in. Null in old rows.",
            ),
        },
    ),
    "ops.releases": OpsTable(
        "One row for each release: the snapshots of all tables that belong together. Each snapshot is tagged with the "
        "release's name.",
        {
            "release": (_TEXT, "The release's name, made from a hash of its snapshots."),
            "model_version": (_TEXT, "The model that the released table serves; null if it serves none."),
            "tables": (_TEXT, "Snapshot ids by dataset, as JSON."),
            "released_at": (_INSTANT, "The clock that was given to the run that wrote the release."),
        },
    ),
}

SCHEMAS: Final[Mapping[str, pa.Schema]] = {name: table.schema for name, table in TABLES.items()}


def reference() -> str:
    """Return the page that documents the tables, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The `ops` tables"
    yield ""
    yield "<!-- Generated: PYTHONPATH=jobs .venv/bin/python -m tidemark.catalog.ops_tables > docs/ops-tables.md -->"
    yield ""
    yield (
        "These Iceberg tables in the lake record what the loop did. Rows are only added and never changed. Every "
        "column may be null. If a table was made by an older version, its missing columns are added when the next row "
        "is written; until then they read as null."
    )
    for name, table in TABLES.items():
        yield from ("", f"## {name}", "", table.row, "", "| column | type | meaning |", "|---|---|---|")
        yield from (f"| `{c}` | {_TYPE_NAMES[kind]} | {means} |" for c, (kind, means) in table.columns.items())


if __name__ == "__main__":
    print(reference(), end="")
