"""One lake for all audit tests, and a bench with which a test stages rows and audits them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from tidemark.audit import Report, audit_staged
from tidemark.catalog import Lake, open_lake
from tidemark.engine.frames import within
from tidemark.engine.session import connect
from tidemark.settings import Settings
from tidemark.spec import Column, DatasetSpec, Expectation, Partition
from tidemark.spec.render.iceberg import to_partition_spec, to_schema, to_table_properties
from tidemark.spec.render.spark import to_struct
from tidemark.state.ranges import Interval, Ranges

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CLOCK = datetime(2026, 4, 12, 8, tzinfo=UTC)
DAY = (Interval(datetime(2026, 4, 11, tzinfo=UTC), datetime(2026, 4, 12, tzinfo=UTC)),)

COLUMNS = {
    column.name: column
    for column in (
        Column("account", "string", "who signed up", required=True),
        Column("seen_at", "timestamp", "when the account was seen", required=True),
        Column("plan", "string", "what the account pays for", one_of=("free", "paid")),
        Column("note", "string", "free text", max_length=20),
        Column("logins", "int", "logins of the hour", required=True, min=0, max=100),
        Column("score", "double", "how content the account is", min=0, max=1),
        Column("tags", "list<string>", "labels", required=True),
    )
}

EXPECTATIONS = (
    Expectation("row_count", "fail", "an hour is never empty", min=1, max=1000),
    Expectation(
        "rows_where", "fail", "free accounts are limited", condition="plan = 'free' and logins > 50", at_most=0.1
    ),
    Expectation("mean", "warn", "people log in a few times", column="logins", min=0, max=20),
    Expectation("distinct", "warn", "there are two plans", column="plan", max=2),
)

SPEC = DatasetSpec(
    dataset="accounts.seen",
    why="Each account by the hour in which it was seen.",
    grain=("account", "seen_at"),
    mode="stateful",
    columns=COLUMNS,
    path=Path("accounts/seen.yaml"),
    event_time="seen_at",
    partition_by=(Partition("day", "seen_at"),),
    transform="accounts.seen:build",
)


def good_row(number: int, **changes: Any) -> dict[str, Any]:
    """Return a row that breaks no rule, with some of its values changed."""
    row: dict[str, Any] = {
        "account": f"account-{number:03d}",
        "seen_at": datetime(2026, 4, 11, number % 24, tzinfo=UTC),
        "plan": "paid" if number % 2 else "free",
        "note": None if number % 3 else "a short note",
        "logins": number % 10,
        "score": (number % 11) / 10,
        "tags": ["old"],
    }
    return {**row, **changes}


def good_rows(count: int = 20) -> list[dict[str, Any]]:
    """Return rows that break no rule."""
    return [good_row(number) for number in range(count)]


@dataclass
class Bench:
    """A table with rows on main, and methods to stage other rows and audit them."""

    spec: DatasetSpec
    lake: Lake
    spark: SparkSession
    reports: Path

    def table(self) -> Table:
        """Load the table."""
        return self.lake.table(self.spec.dataset)

    @property
    def main(self) -> int:
        """Return the id of main's snapshot."""
        snapshot = self.table().current_snapshot()
        assert snapshot is not None
        return snapshot.snapshot_id

    def stage(self, rows: Sequence[dict[str, Any]], ranges: Ranges | None = None) -> int:
        """Stage rows on a branch of main, over the ranges or appended. Return the staged snapshot's id."""
        self.lake.create_branch(self.table(), "session_s1_a", self.main)
        struct = to_struct(self.spec)
        values = [tuple(row[name] for name in struct.names) for row in rows]
        for field in struct.fields:
            field.nullable = True
        frame = self.spark.createDataFrame(values, struct)
        writer = frame.writeTo(f"lake.{self.spec.dataset}.branch_session_s1_a").option("check-nullability", "false")
        if ranges is None:
            writer.append()
        else:
            writer.overwrite(within(self.spec.columns[str(self.spec.event_time)], ranges))
        staged = self.table().snapshot_by_name("session_s1_a")
        assert staged is not None and staged.snapshot_id != self.main
        return staged.snapshot_id

    def audit(self, staged: int, expected_rows: int, ranges: Ranges | None = None, **changes: Any) -> Report:
        """Audit a staged snapshot as the loop does."""
        given: dict[str, Any] = {
            "spec": self.spec,
            "table": self.table(),
            "staged_snapshot_id": staged,
            "base_snapshot_id": self.main,
            "ranges": ranges,
            "appended_only": ranges is None,
            "expected_rows": expected_rows,
            "rows_clipped": 0,
            "rows_due": True,
            "spark": self.spark,
            "reports": self.reports,
            "session": "20260412-7f3a",
            "clock": CLOCK,
        }
        return audit_staged(**{**given, **changes})

    def stage_and_audit(self, rows: Sequence[dict[str, Any]], ranges: Ranges | None = DAY, **changes: Any) -> Report:
        """Stage rows that replace a day or are appended, and audit them."""
        return self.audit(self.stage(rows, ranges), changes.pop("expected_rows", len(rows)), ranges, **changes)


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory, spark_remote: str) -> tuple[Lake, Any]:
    """The lake of all audit tests, and a Spark session on it."""
    home = tmp_path_factory.mktemp("audit")
    settings = Settings(home=home, schemas=home, spark_remote=spark_remote)
    return open_lake(settings), connect(settings)


_NUMBERS = itertools.count(1)


@pytest.fixture
def bench(shared: tuple[Lake, Any], tmp_path: Path) -> Iterator[Bench]:
    """A separate table for each test. All its columns may be null, as in a table that has evolved."""
    lake, spark = shared
    spec = replace(SPEC, dataset=f"accounts.seen_{next(_NUMBERS)}")
    create_table(lake, spec)
    yield Bench(spec, lake, spark, tmp_path / "reports")


def create_table(lake: Lake, spec: DatasetSpec) -> None:
    """Create a table whose columns may all be null, with the empty first commit that the loop makes in each table."""
    strict = to_schema(spec)
    schema = Schema(*(field.model_copy(update={"required": False}) for field in strict.fields))
    lake.catalog.create_namespace_if_not_exists(spec.namespace)
    properties = {**to_table_properties(spec), "write.spark.accept-any-schema": "false"}
    lake.catalog.create_table(
        spec.dataset, schema=schema, partition_spec=to_partition_spec(spec, schema), properties=properties
    )
    lake.ensure_table(spec)


def fired(report: Report) -> list[str]:
    """Return the names of the failed checks."""
    return [check.check for check in report.checks if not check.passed]
