"""One more day for all ranking tables, with purchases that arrive late, beside a rebuild of these tables.

At the size of a large shop: `python -m bench ranking days=90 rows=300000`. The interactions are made here and not
measured. Each night adds a day and, to each of the two weeks before it, the purchases that became known that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.data import day
from bench.figures import Figures, Stopwatch
from bench.lake import BenchLake, Place
from tidemark.settings import load_settings
from tidemark.state.cause import NEWS, Cause, Resync

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

INTERACTIONS = "search.interactions"
REQUESTS, HORIZONS = "search.search_requests", "ranking.label_horizons"
PROGRAMS = "ranking.automated_clients"
"""It has no rows: none of the clients here acts like a program."""
CHAIN = (
    PROGRAMS,
    "ranking.query_item_counts",
    "ranking.query_item_signals",
    "ranking.position_propensities",
    "ranking.query_item_features",
    "ranking.relevance_labels",
    "ranking.training_examples",
)
LATEST_PURCHASE = 14
"""Days after which no purchase arrives any more."""
PLACES = 20
"""Items of each query, and positions at which they are shown."""
ROWS_A_QUERY = 600
"""Impressions a day for each query, on average. Frequent queries have far more."""
REBUILD, NIGHT = "a rebuild of all tables", "one more day"


@dataclass(frozen=True)
class Sizes:
    """Days of history, impressions in each day, and nights that are measured after these days."""

    days: int = 40
    rows: int = 20_000
    nights: int = 2


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Build the tables, measure nights and a rebuild, and check that the rebuild finds nothing to correct."""
    lake = _home(place)
    days = Upstream(lake, sizes.rows)
    days.go_on(sizes.days)
    first, nights, rebuild = Stopwatch(), Stopwatch(), Stopwatch()
    _sessions(lake, first)
    for _ in range(sizes.nights):
        days.go_on(1)
        _sessions(lake, nights)
    _check_filled(lake)
    before = _heads(lake)
    _sessions(lake, rebuild, Resync("the bench compares"))
    if _heads(lake) != before:
        raise RuntimeError(f"a rebuild gives other rows: {before} and {_heads(lake)}; this is a bug of the loop")
    for dataset in CHAIN:
        figures.add(f"{REBUILD}: {dataset}", [rebuild.seconds[dataset]])
        figures.add(f"{NIGHT}: {dataset}", [nights.seconds[dataset] / sizes.nights])
    figures.add(REBUILD, [rebuild.total])
    figures.add(NIGHT, [nights.total / sizes.nights], beside=REBUILD)
    figures.note(f"first build: {first.total:.0f} s; {lake.rows_of(INTERACTIONS):,} interactions; the rebuild and the")
    figures.note("nights gave the same rows in every table")


class Upstream:
    """Interactions as their own sessions would publish them, night by night."""

    def __init__(self, lake: BenchLake, rows: int) -> None:
        self.days = 0
        self._lake, self._rows = lake, rows

    def go_on(self, days: int) -> None:
        """Publish some more days, and what became known in them of the days before."""
        from pyspark.sql import functions as F

        since = max(self.days - LATEST_PURCHASE, 0)
        self.days += days
        table = self._lake.table(INTERACTIONS)
        rows = self._frame(since).select(*table.schema().column_names)
        rows.writeTo(f"lake.{INTERACTIONS}").overwrite(F.col("shown_at") >= F.lit(day(since)))
        self._lake.complete(day(self.days), INTERACTIONS)
        self._request_on_each_day(self.days - days)

    def _request_on_each_day(self, since: int) -> None:
        """Publish a request on each new day, and the label horizon that follows from the days."""
        from pyspark.sql import functions as F

        table = self._lake.table(REQUESTS)
        known = {name: F.lit("shop") for name in ("application", "file_id", "query", "device")}
        known |= {name: F.lit(False) for name in ("user_sorted", "user_filtered", "sponsored")}
        at = F.timestamp_seconds(F.lit(int(day(0).timestamp())) + F.col("id") * 86_400)
        known |= {"record_id": F.col("id").cast("string"), "arrived_at": at, "requested_at": at}
        names = [field.name for field in table.schema().fields]
        columns = [known.get(name, F.lit(None)).alias(name) for name in names]
        self._lake.spark.range(since, self.days).select(*columns).writeTo(f"lake.{REQUESTS}").append()
        self._lake.complete(day(self.days), REQUESTS)
        self._lake.run(HORIZONS)

    def _frame(self, since: int) -> DataFrame:
        """Return the interactions of the days from `since` on, as known at the end of the last day."""
        from pyspark.sql import functions as F

        numbers = self._lake.spark.range(since * self._rows, self.days * self._rows)
        queries = max(self._rows // ROWS_A_QUERY, 1)
        micros = F.lit(24 * 3600 * 1_000_000)
        start = int(day(0).timestamp()) * 1_000_000
        place = F.pmod(F.col("query_no") + F.floor(_chance(2) * F.when(_chance(3) < 0.1, PLACES).otherwise(1)), PLACES)
        drawn = numbers.select(
            "id",
            F.timestamp_micros((F.lit(start) + F.col("id") * micros / self._rows).cast("long")).alias("shown_at"),
            F.floor(F.pow(_chance(1), 3) * queries).alias("query_no"),
        )
        rank = F.floor(_chance(4) * PLACES)
        placed = drawn.withColumn("rank", rank).withColumn("position", (1 + F.pmod(rank + place, PLACES)).cast("int"))
        clicked = _chance(5) < 0.6 / F.sqrt("position") * F.pow(F.lit(0.9), "rank")
        long = clicked & (_chance(6) < 0.5)
        bought = long & (_chance(7) < 0.2)
        arrival = F.col("shown_at") + F.expr("INTERVAL 5 MINUTES")
        delay = F.make_dt_interval(days=F.floor(F.pow(_chance(8), 2) * LATEST_PURCHASE).cast("int"))
        known = F.when(bought & (arrival + delay < F.lit(day(self.days))), arrival + delay)
        return placed.select(
            F.lit("shop").alias("application"),
            F.format_string("q%d", "id").alias("query_id"),
            F.format_string("item %d of %d", "rank", "query_no").alias("item_id"),
            "shown_at",
            F.format_string("query number %d", "query_no").alias("query"),
            F.format_string("query number %d", "query_no").alias("user_query"),
            F.format_string("c%d", F.floor(_chance(9) * self._rows / 8)).alias("client_id"),
            F.when(_chance(10) < 0.6, "phone").otherwise("desktop").alias("device"),
            "position",
            F.lit("event").alias("shown_by"),
            F.lit(True).alias("in_ranker_order"),
            F.lit(False).alias("position_taken_twice"),
            arrival.alias("impression_known_at"),
            *_outcome(clicked, "clicks", "clicked_at", "click_known_at", arrival),
            *_outcome(long, "long_clicks", "_", "long_click_known_at", arrival),
            F.when(clicked, 40_000).cast("long").alias("dwell"),
            *_outcome(F.lit(False), "carts", "carted_at", "cart_known_at", arrival),
            *_outcome(known.isNotNull(), "purchases", "purchased_at", "purchase_known_at", known),
        )


def _outcome(happened: Column, count: str, at: str, known_at: str, known: Column) -> list[Column]:
    from pyspark.sql import functions as F

    return [happened.cast("int").alias(count), *(F.when(happened, known).alias(name) for name in (at, known_at))]


def _chance(number: int) -> Column:
    """Return a number in [0, 1) that depends only on the row and on `number`."""
    from pyspark.sql import functions as F

    return F.pmod(F.xxhash64("id", F.lit(number)), F.lit(1_000_003)) / F.lit(1_000_003.0)


def _home(place: Place) -> BenchLake:
    """Create a home with the product's own specs and values, on the server of the benches."""
    home = place.folder / "ranking"
    home.mkdir(parents=True)
    return BenchLake(load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": place.remote}))


def _sessions(lake: BenchLake, watch: Stopwatch, cause: Cause = NEWS) -> None:
    """Run sessions of each dataset until it owes nothing."""
    for dataset in CHAIN:
        with watch.time(dataset):
            done = lake.run(dataset, cause)
            while done.watermark is not None and done.watermark.owed:
                done = lake.run(dataset)


def _heads(lake: BenchLake) -> dict[str, int | None]:
    """Return the head of each table that has rows. A session that rebuilds the same rows leaves it where it is."""
    filled = (dataset for dataset in CHAIN if lake.rows_of(dataset))
    return {dataset: lake.table(dataset).metadata.current_snapshot_id for dataset in filled}


def _check_filled(lake: BenchLake) -> None:
    rows = {dataset: lake.rows_of(dataset) for dataset in CHAIN if dataset != PROGRAMS}
    if not all(rows[dataset] for dataset in list(rows)[:4]):
        raise RuntimeError(f"a table is empty: {rows}")
