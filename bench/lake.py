"""A lake that a bench has for itself: an empty home, the benches' specs, and tables filled as upstream would."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.data import as_arrow, day
from tidemark import session
from tidemark.catalog.properties import WATERMARK
from tidemark.engine.session import connect, ensure_server, stop_server
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import CHECKOUT, Settings
from tidemark.stages import Committed
from tidemark.state.cause import NEWS, Cause
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import DataFrame, SparkSession

SCHEMAS = CHECKOUT / "bench" / "schemas"
CLOCK = day(400)
"""The instant of every session: after all rows."""

EVENTS = "bench.events"


@dataclass(frozen=True)
class Place:
    """Where benches work: a folder, and the address of a Connect server."""

    folder: Path
    remote: str

    def lake(self, name: str) -> BenchLake:
        """A new lake below the folder."""
        return BenchLake(self.settings(name))

    def settings(self, name: str) -> Settings:
        """Settings of a home of that name."""
        return Settings(home=self.folder / name, schemas=SCHEMAS, spark_remote=self.remote)

    def environment(self, name: str) -> dict[str, str]:
        """The same settings, for a process of its own."""
        return {
            "TIDEMARK_HOME": str(self.folder / name),
            "TIDEMARK_SCHEMAS": str(SCHEMAS),
            "TIDEMARK_VALUES": str(SCHEMAS.parent / "values.yaml"),
            "TIDEMARK_SPARK_REMOTE": self.remote,
            "PYTHONPYCACHEPREFIX": str(self.folder / "byte-code"),
        }


@contextlib.contextmanager
def open_place() -> Iterator[Place]:
    """A place that is gone afterwards; its server is the one of TIDEMARK_SPARK_REMOTE, else one of its own."""
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as folder:
        given = os.environ.get("TIDEMARK_SPARK_REMOTE")
        home = Settings(home=Path(folder) / "server", schemas=SCHEMAS, spark_remote=given)
        try:
            yield Place(Path(folder), ensure_server(home))
        finally:
            stop_server(home)


def keep_quiet(text: str) -> None:
    """Sessions of a bench say nothing."""


class BenchLake:
    """The benches' domain on a real catalog."""

    def __init__(self, settings: Settings, clock: datetime = CLOCK) -> None:
        self.settings = settings
        self.context: Context = session.open_context(settings, clock)

    @property
    def spark(self) -> SparkSession:
        """The session of this lake."""
        return connect(self.settings)

    def table(self, dataset: str) -> Table:
        """A dataset's table, made where it is missing."""
        return self.context.lake.ensure_table(self.context.spec(dataset))

    def add(self, rows: list[dict[str, Any]], through: datetime) -> None:
        """Publish events without an engine, complete through an instant."""
        table = self.table(EVENTS)
        table.append(as_arrow(rows, table.schema().as_arrow()))
        self.complete(through)

    def add_frame(self, frame: DataFrame, through: datetime) -> None:
        """Publish many events, complete through an instant."""
        self.table(EVENTS)
        frame.writeTo(f"lake.{EVENTS}").append()
        self.complete(through)

    def complete(self, through: datetime) -> None:
        """Set the events' watermark on what main holds."""
        table = self.table(EVENTS)
        head = table.current_snapshot()
        assert head is not None, "ensure_table begins each table with a snapshot"
        mark = Watermark("upstream", head.snapshot_id, through, through)
        with table.transaction() as change:
            change.set_properties({WATERMARK: mark.to_json()})

    def under_another_name(self, dataset: str, name: str, partitioned: bool = True) -> str:
        """The same spec for a table that is not there yet, its partitions or none; gives the new dataset's name."""
        spec = self.context.spec(dataset)
        fresh = f"{spec.namespace}.{name}"
        partition_by = spec.partition_by if partitioned else ()
        renamed = replace(spec, dataset=fresh, partition_by=partition_by)
        self.context = replace(self.context, specs={**self.context.specs, fresh: renamed})
        return fresh

    def run(self, dataset: str, cause: Cause = NEWS) -> Committed:
        """One whole session."""
        return session.run(self.context, dataset, cause, say=keep_quiet)

    def plan(self, dataset: str) -> Plan:
        """What the next session would do."""
        return session.plan(self.context, dataset)

    def frame(self, table: str) -> DataFrame:
        """A table's main, as the engine reads it."""
        return self.spark.table(f"lake.{table}")

    def rows_of(self, dataset: str) -> int:
        """Rows on main, as metadata counts them."""
        return self._counted(dataset, "total-records")

    def added_last(self, dataset: str) -> int:
        """Rows that main's last snapshot wrote."""
        return self._counted(dataset, "added-records")

    def files_of(self, dataset: str) -> int:
        """Data files on main, as metadata counts them."""
        return self._counted(dataset, "total-data-files")

    def _counted(self, dataset: str, what: str) -> int:
        head = self.table(dataset).current_snapshot()
        summary = None if head is None else head.summary
        return 0 if summary is None else int(summary.additional_properties.get(what, 0))

    def session_of(self, dataset: str) -> str:
        """The session that the watermark names, empty before the first."""
        mark = watermark_of(self.table(dataset))
        return "" if mark is None else mark.session
