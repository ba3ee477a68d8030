"""The columns of the `ops` tables: names, types and meanings.

`PYTHONPATH=jobs python -m tidemark.catalog.ops_tables` prints the page docs/ops-tables.md from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

_TEXT = pa.string()
_LONG = pa.int64()
_DOUBLE = pa.float64()
_INSTANT = pa.timestamp("us", tz="UTC")

_TYPE_NAMES: Final[Mapping[pa.DataType, str]] = {
    _TEXT: "string",
    _LONG: "long",
    _DOUBLE: "double",
    _INSTANT: "timestamp",
    pa.bool_(): "boolean",
}


@dataclass(frozen=True)
class OpsTable:
    """One table: what a row stands for and when it is written (`row`), and its columns with type and meaning."""

    row: str
    columns: Mapping[str, tuple[pa.DataType, str]]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the table. All columns may be null."""
        return pa.schema([pa.field(name, kind) for name, (kind, _) in self.columns.items()])


_SESSION = (
    _TEXT,
    "The session's id: the day through which it completes the table, or `undated`, and a hash of its plan.",
)
_DATASET = (_TEXT, "The dataset's full name, for example `search.interactions`.")
_HOW = (
    _TEXT,
    "What the session does to its table: `append`, `overwrite` or `touch` (only the watermark moves). A session "
    "that does nothing has no row.",
)
_REQUEST = (
    _TEXT,
    "The id of the backfill request that the session answers, so that a request is answered once; null without one.",
)

_RECORDED = {
    "recorded_at": (
        _INSTANT,
        "When the row was written, by the machine's own clock. The clock of a run may lie in the past or in the "
        "future; this one does not. Null in old rows.",
    ),
}

TABLES: Final[Mapping[str, OpsTable]] = {
    "ops.sessions": OpsTable(
        "One row for each session that has something to do. Init writes it before the session writes anything else.",
        {
            "session": _SESSION,
            "dataset": _DATASET,
            "how": _HOW,
            "request_id": _REQUEST,
            "base_snapshot": (_LONG, "The snapshot on the table's main on which the plan is based."),
            "plan": (
                _TEXT,
                "The whole plan as JSON. `tidemark sessions` and `tidemark plan` print plans in a readable form.",
            ),
            "planned_at": (_INSTANT, "The clock of the run that planned the session."),
            "run": (
                _TEXT,
                "The run that planned the session. For Airflow, the DAG and the run with `/` between them; null on "
                "the command line and in old rows.",
            ),
            **_RECORDED,
        },
    ),
    "ops.high_watermarks": OpsTable(
        "One row for each session that published, written by commit. If a session of `ops.sessions` has no row here, "
        "it has not published, or it has published and is not closed yet.",
        {
            "session": _SESSION,
            "dataset": _DATASET,
            "how": (
                _TEXT,
                "What the session did to its table, as in `ops.sessions`. It is `touch` also if the rebuilt rows were "
                "those that main held already.",
            ),
            "snapshot": (
                _LONG,
                "The snapshot that main had after the session. A touch adds none and names the current one.",
            ),
            "request_id": _REQUEST,
            "reason": (
                _TEXT,
                "The reason that a person gave for a backfill, a resync, an adoption or a declaration; otherwise null.",
            ),
            "previous": (_TEXT, "The table's watermark before the session, as JSON; null for the first session."),
            "current": (_TEXT, "The watermark that the session set, as JSON: what the table's rows were built from."),
            "complete_through": (
                _INSTANT,
                "The table is complete before this instant; null if no input limits its completeness.",
            ),
            "committed_at": (_INSTANT, "The clock of the run that closed the session."),
            **_RECORDED,
        },
    ),
    "ops.audit_results": OpsTable(
        "One row for each check of a staged snapshot, written by audit, passed or not. If an audit is repeated, a "
        "check gets a new row only for another verdict on the snapshot.",
        {
            "dataset": _DATASET,
            "session": _SESSION,
            "snapshot_id": (
                _LONG,
                "The staged snapshot that was checked. It is on main only if the session published.",
            ),
            "check": (_TEXT, "The check in words, for example `grain is unique (query_id, item_id)`."),
            "kind": (_TEXT, "`floor`: implied by every spec; `expectation`: written in the dataset's spec."),
            "severity": (
                _TEXT,
                "`fail`: if the check fails, the rows are not published; `warn`: a failure is only shown.",
            ),
            "passed": (pa.bool_(), "Whether the rows passed the check."),
            "observed": (_TEXT, "What the check found."),
            "expected": (_TEXT, "What the check should have found."),
            "unexpected_rows": (
                _LONG,
                "The number of rows that fail the check; null if the check is not about single rows.",
            ),
            "examples": (
                _TEXT,
                "Up to five failing values with the grain of their rows, one on each line. They are unescaped data.",
            ),
            "because": (_TEXT, "The reason for the check."),
            "audited_at": (_INSTANT, "The clock of the run that audited the session."),
            "rows": (_LONG, "The number of rows that the session added. Null in old rows."),
            "observed_low": (
                _DOUBLE,
                "The least number that the check observed: a mean, a count, a share of rows (0 to 1), or the least "
                "value of a column. Null if the check observes no number, and in old rows.",
            ),
            "observed_high": (
                _DOUBLE,
                "The greatest number that the check observed; equal to `observed_low` unless it is about the values "
                "of a column.",
            ),
            "expected_low": (_DOUBLE, "The number below which the check fails; null without such a bound."),
            "expected_high": (_DOUBLE, "The number above which the check fails; null without such a bound."),
            "failing_rows": (
                _TEXT,
                "Up to five failing rows as JSON: `values` of the checked columns, the `grain`, and `file`, `file_id` "
                "and `place` if the row names them. They are unescaped data. Null if the check passed or is not about "
                "single rows, and in old rows.",
            ),
            **_RECORDED,
        },
    ),
    "ops.landed_files": OpsTable(
        "One row for each file and each table into which it landed, written by commit of the session that landed it.",
        {
            "dataset": _DATASET,
            "session": _SESSION,
            "path": (_TEXT, "The file's path below the landing folder, with `/`."),
            "size": (_LONG, "The size of the file in bytes."),
            "sha256": (
                _TEXT,
                "The SHA-256 of the file's content, in hex. Content that has landed in a table does not land there "
                "again.",
            ),
            "landed_at": (_INSTANT, "The clock of the run that closed the session."),
            "table_uuid": (
                _TEXT,
                "The UUID of the table. A table that was dropped and created again lands its files again. "
                "Null in old rows.",
            ),
            "written_at": (
                _INSTANT,
                "When the file was written, as seen when its content first landed. Null in old rows.",
            ),
            **_RECORDED,
        },
    ),
    "ops.record_accounts": OpsTable(
        "One row for each session and file: what became of its records. Each landing session writes them after its "
        "audit, and so does a usual session of a dataset whose spec names `accounted_by`. The rows count only if the "
        "session published (`ops.high_watermarks`).",
        {
            "session": _SESSION,
            "dataset": _DATASET,
            "path": (
                _TEXT,
                "The file's path below the landing folder. Null if the rows do not name their files, or if a dataset "
                "with inputs found nothing to remark.",
            ),
            "taken": (_LONG, "The number of records that landed; null in a quarantine and in datasets with inputs."),
            "late": (
                _LONG,
                "The records among them whose event time lies before the instant through which the table was complete "
                "already; null if the dataset has no event time of its own.",
            ),
            "late_most_s": (_LONG, "How far the latest of them lies before that instant, in seconds."),
            "late_typical_s": (_LONG, "The median of this distance, in seconds (approximate)."),
            "doubled": (
                _LONG,
                "The records among them that equal an earlier record of the table in all logged columns; null as in "
                "`late`.",
            ),
            "refused": (_LONG, "The number of refused records; null if the dataset is not a quarantine."),
            "counts": (
                _TEXT,
                "Counts by their description, as JSON: in a quarantine the refused records by kind of reason, "
                "otherwise what the function `accounted_by` of the spec found. It may hold unescaped data.",
            ),
            "accounted_at": (_INSTANT, "The clock of the run."),
            **_RECORDED,
        },
    ),
    "ops.pins": OpsTable(
        "One row for each run that has pinned its inputs. All usual sessions of the run read these snapshots, whatever "
        "is written to the inputs meanwhile. A run that has published nothing may pin again; its newest row counts.",
        {
            "run": (_TEXT, "The run: for Airflow, the DAG and the run with `/` between them."),
            "tables": (
                _TEXT,
                "For each input the table's UUID, the snapshot id, how far it was complete and final, and whether "
                "anything was published in it, as JSON.",
            ),
            "pinned_at": (_INSTANT, "The clock of the run."),
            **_RECORDED,
        },
    ),
    "ops.releases": OpsTable(
        "One row for each release. A release names the snapshots of all tables that belong together. Each of them is "
        "tagged with the release's name.",
        {
            "release": (_TEXT, "The release's name, a hash of the snapshots that it names."),
            "model_version": (_TEXT, "The model that the released tables serve; null if they serve none."),
            "tables": (_TEXT, "The snapshot id of each dataset, as JSON."),
            "released_at": (_INSTANT, "The clock of the run that wrote the release."),
            **_RECORDED,
        },
    ),
    "ops.alerts": OpsTable(
        "One row for each alert about a condition, written once it was sent: when the condition begins, and when it is "
        "over. Repeated alerts about one failure within a day are only logged and have no row.",
        {
            "condition": (
                _TEXT,
                "The condition, for example `late search.interactions`. It holds if its newest row says `began`.",
            ),
            "state": (_TEXT, "`began` or `over`. An event, such as a refused promotion, has no end."),
            "kind": (_TEXT, "What the alert is about, in the words of the message, for example `audit failed`."),
            "place": (_TEXT, "The dataset, task or service that the alert names."),
            "what": (_TEXT, "What happened, as the message says it. It may hold unescaped data."),
            "dataset": (_TEXT, "The dataset whose task failed; null if the alert is not about a failed task."),
            "session": (_TEXT, "The session whose task failed; null if none was planned."),
            "channels": (_TEXT, "The channels that took the message, such as `log, mail`."),
            **_RECORDED,
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
        "The `ops` tables record what the loop did. They are Iceberg tables in the lake to which rows are only added; "
        "only `tidemark erase` changes some: it sets texts to null that quote a person. Any column may be null. If an "
        "older version created a table, missing columns are added when the next row is written."
    )
    for name, table in TABLES.items():
        yield from ("", f"## {name}", "", table.row, "", "| column | type | meaning |", "|---|---|---|")
        yield from (f"| `{c}` | {_TYPE_NAMES[kind]} | {means} |" for c, (kind, means) in table.columns.items())


if __name__ == "__main__":
    print(reference(), end="")
