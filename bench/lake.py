"""The lake of a bench: an empty home, the benches' specs, and a source table that the bench fills itself."""

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
"""The clock of every session. It lies after all rows."""

EVENTS = "bench.events"


@dataclass(frozen=True)
class Place:
    """Where benches work: a folder for their homes, and the address of a Connect server."""

    folder: Path
    remote: str

    def lake(self, name: str) -> BenchLake:
        """Create a lake in a new home of that name."""
        return BenchLake(self.settings(name))

    def settings(self, name: str) -> Settings:
        """Return the settings of the home of that name."""
        return Settings(home=self.folder / name, schemas=SCHEMAS, spark_remote=self.remote)

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment variables that give a separate process the same settings."""
        return {
            "TIDEMARK_HOME": str(self.folder / name),
            "TIDEMARK_SCHEMAS": str(SCHEMAS),
            "TIDEMARK_VALUES": str(SCHEMAS.parent / "values.yaml"),
            "TIDEMARK_SPARK_REMOTE": self.remote,
            "PYTHONPYCACHEPREFIX": str(self.folder / "byte-code"),
        }


@contextlib.contextmanager
def open_place() -> Iterator[Place]:
    """Open a place that is removed afterwards. Use the server of TIDEMARK_SPARK_REMOTE, or else start one."""
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as folder:
        given = os.environ.get("TIDEMARK_SPARK_REMOTE")
        home = Settings(home=Path(folder) / "server", schemas=SCHEMAS, spark_remote=given)
        try:
            yield Place(Path(folder), ensure_server(home))
        finally:
            stop_server(home)


def keep_quiet(text: str) -> None:
    """Discard the text that a session would print."""


class BenchLake:
    """The benches' datasets on a real catalog."""

    def __init__(self, settings: Settings, clock: datetime = CLOCK) -> None:
        self.settings = settings
        self.context: Context = session.open_context(settings, clock)

    @property
    def spark(self) -> SparkSession:
        """The Spark session of this lake."""
        return connect(self.settings)

    def table(self, dataset: str) -> Table:
        """Return a dataset's table; create it if it is missing."""
        return self.context.lake.ensure_table(self.context.spec(dataset))

    def add(self, rows: list[dict[str, Any]], through: datetime) -> None:
        """Publish events without Spark. The source is then complete through an instant."""
        table = self.table(EVENTS)
        table.append(as_arrow(rows, table.schema().as_arrow()))
        self.complete(through)

    def add_frame(self, frame: DataFrame, through: datetime) -> None:
        """Publish many events with Spark. The source is then complete through an instant."""
        self.table(EVENTS)
        frame.writeTo(f"lake.{EVENTS}").append()
        self.complete(through)

    def complete(self, through: datetime, dataset: str = EVENTS) -> None:
        """Set the watermark of a table that the bench fills to main's head, complete through an instant."""
        table = self.table(dataset)
        head = table.current_snapshot()
        assert head is not None, "ensure_table gives each table a first snapshot"
        watermark = Watermark("upstream", head.snapshot_id, through, through)
        with table.transaction() as change:
            change.set_properties({WATERMARK: watermark.to_json()})

    def under_another_name(self, dataset: str, name: str, partitioned: bool = True) -> str:
        """Add a copy of a spec under a new name, with or without its partitions; return the new dataset's name."""
        spec = self.context.spec(dataset)
        copy = f"{spec.namespace}.{name}"
        partition_by = spec.partition_by if partitioned else ()
        renamed = replace(spec, dataset=copy, partition_by=partition_by)
        self.context = replace(self.context, specs={**self.context.specs, copy: renamed})
        return copy

    def run(self, dataset: str, cause: Cause = NEWS) -> Committed:
        """Run one whole session."""
        return session.run(self.context, dataset, cause, say=keep_quiet)

    def plan(self, dataset: str) -> Plan:
        """Return the plan of the next session."""
        return session.plan(self.context, dataset)

    def frame(self, table: str) -> DataFrame:
        """Return a table's main as a DataFrame."""
        return self.spark.table(f"lake.{table}")

    def rows_of(self, dataset: str) -> int:
        """Return the number of rows on main, from metadata."""
        return self._from_summary(dataset, "total-records")

    def added_last(self, dataset: str) -> int:
        """Return the number of rows that main's last snapshot added."""
        return self._from_summary(dataset, "added-records")

    def files_of(self, dataset: str) -> int:
        """Return the number of data files on main, from metadata."""
        return self._from_summary(dataset, "total-data-files")

    def _from_summary(self, dataset: str, key: str) -> int:
        head = self.table(dataset).current_snapshot()
        summary = None if head is None else head.summary
        return 0 if summary is None else int(summary.additional_properties.get(key, 0))

    def session_of(self, dataset: str) -> str:
        """Return the session that the watermark names; an empty text if there is no watermark."""
        watermark = watermark_of(self.table(dataset))
        return "" if watermark is None else watermark.session
