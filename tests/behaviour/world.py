"""A small world without a lake: inputs as data frames, and datasets built by the transforms of their specs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.behaviour.logs import DAYS, START, draw
from tests.cases.case import frame, load_transform
from tidemark.settings import load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs
from tidemark.steps.scratch import scratch_params

BUILT = (
    "impressions", "interactions", "automated_clients", "query_item_counts", "query_item_signals",
    "position_propensities", "query_item_features",
)  # fmt: skip
EVER: tuple[tuple[datetime, datetime], ...] = ((START - timedelta(days=3), START + timedelta(days=DAYS + 8)),)
PARAMS = {
    "features": {"title": "title", "item_attributes": ["price"], "behaviour": []},
    "least_clicks": 5,  # so that curves are harvested here
    "automated": {  # so that some clients of this small world are programs
        "requests_a_day": 3, "requests_a_minute": None, "regular_requests": None, "regular_spread": 0.05,
        "items_without_click": None, "clicked_items": 4, "clicked_share": 0.75,
    },
}  # fmt: skip

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True)
class World:
    """The specs by short name, and the rows of each dataset."""

    spark: SparkSession
    specs: Mapping[str, DatasetSpec]
    values: Mapping[str, Any]
    tables: Tables

    @classmethod
    def build(cls, spark: SparkSession, home: Path, seed: int = 7) -> World:
        """Draw the logs and build all datasets in full, inputs first."""
        settings = load_settings({**os.environ, "TIDEMARK_HOME": str(home)})
        specs = {spec.name: spec for spec in load_specs(settings.schemas, settings.values).values()}
        tables = {name: frame(spark, specs[name], rows).toArrow() for name, rows in draw(seed).items()}
        world = cls(spark, specs, settings.values, tables)
        for name in BUILT:
            tables[name] = world.run(name, EVER)
        return world

    def run(
        self,
        name: str,
        ranges: tuple[tuple[datetime, datetime], ...],
        tables: Tables | None = None,
        within_windows: bool = False,
    ) -> pa.Table:
        """Run the transform for the ranges. With `within_windows` it gets only the rows that the loop would read."""
        spec, given = self.specs[name], {**self.tables, **(tables or {})}
        inputs = {}
        for key, each in spec.inputs.items():
            source = self.specs[each.dataset.split(".")[1]]
            rows = self.spark.createDataFrame(given[source.name])
            event_time = each.event_time or source.event_time
            if within_windows and event_time:
                rows = rows.where(_seen(event_time, source.columns[event_time].type, ranges, each.before, each.after))
            inputs[key] = rows
        settings = {key: self.values.get(key) for key in spec.settings}
        with TemporaryDirectory() as folder:
            params = {**settings, **spec.params, **PARAMS, "ranges": ranges, **scratch_params(Path(folder))}
            result: DataFrame = load_transform(spec)(inputs, params)
            return result.select(*spec.columns).toArrow()

    def rows(self, name: str, table: pa.Table, ranges: tuple[tuple[datetime, datetime], ...]) -> list[str]:
        """Return the rows in the ranges as sorted texts, which can be compared and shown."""
        event_time = self.specs[name].event_time
        assert event_time is not None
        found = [row for row in table.to_pylist() if any(a <= _instant(row[event_time]) < b for a, b in ranges)]
        return sorted(str({key: _plain(value) for key, value in row.items()}) for row in found)


def day(number: int) -> tuple[datetime, datetime]:
    """Return the range of one day of the world, counted from its start."""
    start = START + timedelta(days=number)
    return start, start + timedelta(days=1)


def _seen(
    name: str,
    kind: str,
    ranges: tuple[tuple[datetime, datetime], ...],
    before: timedelta | None,
    after: timedelta,
) -> Any:
    inside = F.lit(False)
    column = F.col(name).cast("timestamp") if kind == "date" else F.col(name)
    for start, end in ranges:
        first = datetime(1900, 1, 1, tzinfo=UTC) if before is None else start - before
        inside = inside | ((column >= F.lit(first)) & (column < F.lit(end + after)))
    return inside


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def _plain(value: Any) -> Any:
    """Sort lists, because map entries come back as pairs in no defined order."""
    return sorted(value) if isinstance(value, list) else value
