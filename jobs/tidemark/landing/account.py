"""Count what a landing session took, in Spark: by file, how many records are late, doubled, refused or remarkable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tidemark.engine.frames import within
from tidemark.landing.job import ADDED
from tidemark.state.account import Account
from tidemark.state.ranges import Interval, Ranges, round_out, union

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

    from tidemark.spec import DatasetSpec

PATH = "file_path"
KINDS = 20
"""The most descriptions that are counted for a file. A log may hold any number of unknown action names."""
WORDS = 100
"""The most characters of a description."""
OTHERS = "others"
SPANS = 100
"""The most ranges of event time in one condition. If the records lie in more, the ranges are made coarser."""


def count_landed(
    spec: DatasetSpec, rows: DataFrame, before: DataFrame | None, through: datetime | None
) -> list[Account]:
    """Return the account of the rows that a session landed, by file.

    `before` are the earlier rows of the table at the times of the new ones; None if there are none. `through` is the
    instant through which the table was complete before the session; None if it was not.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    every = _marked(rows, spec, True)
    if before is not None:
        every = every.unionByName(_marked(before, spec, False), allowMissingColumns=True)
    in_order = Window.partitionBy("content").orderBy("is_new", *_path_of(every))
    numbered = every.withColumn("occurrence", F.row_number().over(in_order)).where("is_new")
    late, by = _lateness(spec, through)
    counted = numbered.groupBy(*_path_of(every)).agg(
        F.count(F.lit(1)).alias("taken"),
        F.count_if(late).alias("late"),
        F.max(F.when(late, by)).alias("most"),
        F.percentile_approx(F.when(late, by), 0.5).alias("typical"),
        F.count_if(F.col("occurrence") > 1).alias("doubled"),
    )
    return [_landed_account(spec, row) for row in counted.collect()]


def count_refused(rows: DataFrame) -> list[Account]:
    """Return the account of the rows that a session added to a quarantine: refused records by kind of reason."""
    from pyspark.sql import functions as F

    kinds = rows.select(PATH, F.substring_index("reason", ": ", 1).alias("what"))
    return [Account(path, refused=sum(c.values()), counts=c) for path, c in count_remarks(kinds).items()]


def count_remarks(remarks: DataFrame) -> dict[str | None, dict[str, int]]:
    """Count remarks by file and description. `remarks` has a row for each of them, with `file_path` and `what`.

    Beyond the KINDS most frequent descriptions of a file, the remarks are counted together.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    numbers = remarks.groupBy(PATH, F.left("what", F.lit(WORDS)).alias("what")).agg(F.count(F.lit(1)).alias("number"))
    by_number = Window.partitionBy(PATH).orderBy(F.desc("number"), "what")
    what = F.when(F.row_number().over(by_number) <= KINDS, F.col("what")).otherwise(OTHERS)
    summed = numbers.withColumn("what", what).groupBy(PATH, "what").agg(F.sum("number").alias("number"))
    found: dict[str | None, dict[str, int]] = {}
    for row in summed.orderBy(PATH, F.col("what") == OTHERS, F.desc("number"), "what").collect():
        found.setdefault(row[PATH], {})[row["what"]] = int(row["number"])
    return found


def with_counts(accounts: Iterable[Account], counts: Mapping[str | None, Mapping[str, int]]) -> list[Account]:
    """Return the accounts with the counts of their files. Counts of other files are added as accounts of their own."""
    found = {account.path: account for account in accounts}
    for path, numbers in counts.items():
        known = found.get(path, Account(path))
        found[path] = replace(known, counts={**known.counts, **numbers})
    return list(found.values())


def event_times(spec: DatasetSpec, rows: DataFrame) -> Ranges:
    """Return the hours of the rows' event times; if these are too many ranges, the days, or the whole span."""
    from pyspark.sql import functions as F

    hour = F.date_trunc("hour", F.col(str(spec.event_time)).cast("timestamp")).alias("hour")
    hours = [Interval(start, start + timedelta(hours=1)) for start in _instants(rows.select(hour).distinct())]
    ranges = union(hours)
    if len(ranges) > SPANS:
        ranges = round_out(ranges, "day")
    return ranges if len(ranges) <= SPANS else (Interval(ranges[0].start, ranges[-1].end),)


def at_times(spec: DatasetSpec, rows: DataFrame, times: Ranges) -> DataFrame:
    """Return the rows whose event times lie in the ranges."""
    return rows.where(within(spec.columns[str(spec.event_time)], times))


def tells_doubles(spec: DatasetSpec) -> bool:
    """Whether a record delivered again has the same event time. It has not if landing itself fills that column."""
    return spec.event_time not in (None, *ADDED)


def _instants(hours: DataFrame) -> list[datetime]:
    """Return the instants of the only column, as aware datetimes whatever the time zone of this process is."""
    from pyspark.sql import functions as F

    seconds = hours.select(F.unix_seconds("hour").alias("s")).collect()
    return [datetime.fromtimestamp(row["s"], UTC) for row in seconds]


def _marked(rows: DataFrame, spec: DatasetSpec, is_new: bool) -> DataFrame:
    """Return the content of rows as a digest of all logged columns, with their files and event times."""
    from pyspark.sql import functions as F

    logged = [column for column in spec.columns.values() if column.name not in ADDED]
    # JSON leaves out nulls and names the others, but has milliseconds only.
    values = [F.unix_micros(c.name).alias(c.name) if c.type == "timestamp" else F.col(c.name) for c in logged]
    content = F.md5(F.to_json(F.struct(*values))).alias("content")
    return rows.select(content, str(spec.event_time), *_path_of(rows), F.lit(is_new).alias("is_new"))


def _path_of(rows: DataFrame) -> list[str]:
    return [PATH] if PATH in rows.columns else []


def _lateness(spec: DatasetSpec, through: datetime | None) -> tuple[Column, Column]:
    """Return whether a row is late, and by how many microseconds."""
    from pyspark.sql import functions as F

    if through is None or not tells_doubles(spec):
        return F.lit(False), F.lit(None).cast("bigint")
    by = F.unix_micros(F.lit(through)) - F.unix_micros(F.col(str(spec.event_time)).cast("timestamp"))
    return by > 0, by


def _landed_account(spec: DatasetSpec, row: Row) -> Account:
    known = tells_doubles(spec)
    most, typical = (None if row[name] is None else round(row[name] / 1e6) for name in ("most", "typical"))
    return Account(
        path=row.asDict().get(PATH),
        taken=int(row["taken"]),
        late=int(row["late"]) if known else None,
        late_most_s=most,
        late_typical_s=typical,
        doubled=int(row["doubled"]) if known else None,
    )
