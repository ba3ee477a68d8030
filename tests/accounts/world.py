"""A lake whose feeds a test writes itself: it changes their rows and states how far they are complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.table import Table
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tidemark import session
from tidemark.catalog.properties import CATALOG, WATERMARK
from tidemark.engine.session import connect
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import Settings
from tidemark.stages import Committed
from tidemark.state.cause import NEWS, Cause, Restatement
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context
from tidemark.support.paths import to_path

DAY = datetime(2026, 4, 12, tzinfo=UTC)
SCHEMAS = Path(__file__).parent / "schemas"


def hour(number: float) -> datetime:
    """Return an instant in hours since the start of the test's day. Hours above 23 lie in the days after it."""
    return DAY + timedelta(hours=number)


def hours(first: int, last: int) -> Interval:
    """Return the range of the hours from first to last, both included."""
    return Interval(hour(first), hour(last + 1))


@dataclass(frozen=True)
class Event:
    """An event of a feed. `at` and `landed` are hours as in `hour`. Without `landed` it arrives when it happens."""

    event_id: str
    account_id: str
    at: float
    plan: str | None = "basic"
    landed: float | None = None

    def row(self) -> dict[str, Any]:
        """Return the event as a row of a feed."""
        return {
            "event_id": self.event_id,
            "account_id": self.account_id,
            "plan": self.plan,
            "happened_at": hour(self.at),
            "arrived_at": hour(self.at if self.landed is None else self.landed),
        }


class Accounts:
    """The accounts domain on a real catalog. `said` collects the messages of its sessions."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.context: Context = session.open_context(settings, hour(24))
        self.said: list[str] = []

    @property
    def spark(self) -> SparkSession:
        return connect(self.settings)

    def table(self, dataset: str) -> Table:
        return self.context.lake.ensure_table(self.context.specs[dataset])

    def append(self, feed: str, events: Iterable[Event], complete: float | None = None) -> None:
        """Append events to a feed and set how far the feed is complete."""
        table = self.table(feed)
        rows = [event.row() for event in events]
        if rows:
            table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
        self.complete(feed, complete)

    def complete(self, feed: str, through_hour: float | None) -> None:
        """Set a feed complete through the end of an hour; None keeps its completeness."""
        table = self.table(feed)
        known = watermark_of(table)
        head = table.current_snapshot()
        assert head is not None
        through = known.complete_through if known and through_hour is None else hour((through_hour or 0) + 1)
        mark = Watermark("upstream", head.snapshot_id, through, through)
        with table.transaction() as change:
            change.set_properties({WATERMARK: mark.to_json()})

    def delete(self, feed: str, condition: str) -> None:
        """Delete rows of a feed, as an erasure would."""
        self.spark.sql(f"DELETE FROM {CATALOG}.{feed} WHERE {condition}")
        self.complete(feed, None)

    def run(self, dataset: str, cause: Cause = NEWS, clock: datetime | None = None) -> Committed:
        """Run one whole session."""
        context = self.context if clock is None else replace(self.context, clock=clock)
        return session.run(context, dataset, cause, say=self.said.append)

    def plan(self, dataset: str, cause: Cause = NEWS) -> Plan:
        return session.plan(self.context, dataset, cause)

    def rows(self, dataset: str, order: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return all published rows in a stable order."""
        found: list[dict[str, Any]] = self.table(dataset).scan().to_arrow().to_pylist()
        return sorted(found, key=lambda row: tuple(str(row[key]) for key in (order or sorted(row))))

    def folder(self, dataset: str) -> Path:
        """Return the folder of the table."""
        return to_path(self.context.lake.table(dataset).location())

    def files(self, dataset: str) -> set[str]:
        """Return the paths of the data files of main."""
        return {task.file.file_path for task in self.table(dataset).scan().plan_files()}

    def head(self, dataset: str) -> int:
        """Return the snapshot id of main."""
        head = self.table(dataset).current_snapshot()
        assert head is not None
        return head.snapshot_id

    def watermark(self, dataset: str) -> Watermark | None:
        return watermark_of(self.table(dataset))


def same_rows_as_rebuild(world: Accounts, dataset: str, home: Path) -> None:
    """Assert that the published table equals a clean rebuild in one piece, over the same input state and specs."""
    assert world.rows(dataset) == rebuilt_rows(world, dataset, home)


def rebuilt_rows(world: Accounts, dataset: str, home: Path) -> list[dict[str, Any]]:
    """Return the rows that a clean rebuild over the same input state publishes in the new home `home`."""
    spec = replace(world.context.specs[dataset], max_range=None)
    clean = Accounts(replace(world.settings, home=home, catalog_address=None))
    clean.context = replace(clean.context, specs={**world.context.specs, dataset: spec})
    for window in spec.inputs.values():
        if window.dataset == dataset:
            continue
        source = world.table(window.dataset)
        clean.table(window.dataset).append(source.scan().to_arrow())
        known = watermark_of(source)
        through = known.complete_through if known else None
        clean.complete(window.dataset, None if through is None else (through - DAY) / timedelta(hours=1) - 1)
    clean.run(dataset)
    return clean.rows(dataset)


def as_request(first: int, last: int, request_id: str = "asked") -> Restatement:
    """Return the cause of a backfill of the hours from first to last."""
    return Restatement(hours(first, last), request_id, "a test asked for it")


def count_rows(spark: SparkSession, dataset: str) -> int:
    """Count the rows of main through Spark."""
    return spark.table(f"{CATALOG}.{dataset}").agg(F.count(F.lit(1))).collect()[0][0]
