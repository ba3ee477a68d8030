"""Position bases: whether an application's logger counts positions from 0 or from 1.

*Found.* The base follows from the logged positions that are 0 or 1. A logger that counts from 0 logs the first position
about as often as the second. A logger that counts from 1 logs a 0 only by mistake. So the base is 0 if
2 * (number of zeros) > (number of ones), otherwise 1. Among many records a single wrong one does not decide it, in
whatever order they arrive.

*Settled.* A base is settled if ENOUGH such positions were seen and a later version found the same base. Until then each
version adds to the counts and decides again. A settled base is kept, and new files that cannot contradict it are not
read (`base_news`).

*Set aside.* Positions below the base are treated as missing (see `impressions`). Their records are listed by file and
line. The setting `position.base` in infra/search.yaml overrides everything: one number, or one for each application.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

PLACED = ("impression", "click", "cart", "purchase")
ENOUGH = 100
"""How many positions 0 and 1 settle a base. With so many, only the loss of a third of all records makes it wrong."""
NAMED = 20
"""How many records at position 0 a row lists; `at_zero_count` counts all."""


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the new rows: one for each application whose base or counts change.

    Inputs: `actions` and `known`, the current rows of this dataset. If `params["added"]` names `actions`, they are only
    those added since the last version, and the counts continue. Otherwise they are all actions, and each base is found
    again as if none were settled. Raises ValueError if the setting `position.base` is neither 0 nor 1.
    """
    stated = _stated((params.get("position") or {}).get("base"))
    actions = inputs["actions"]
    placed = actions.where(F.col("action").isin(*PLACED) & (F.col("position") >= 0))
    joined = _seen(placed).join(_in_force(inputs["known"]), "application", "left").withColumn("stated", stated)
    counts_on = "actions" in params.get("added", ())
    seen = _counted_on(joined) if counts_on else joined.withColumn("kept", F.lit(None).cast("int"))
    judged = _judged(seen)
    named = judged.join(_zero_records(placed, judged), "application", "left")
    return _as_rows(named if counts_on else named.where(_says_more()))


def newest(bases: DataFrame) -> DataFrame:
    """Return the base in force of each application, with the columns application, base and revision."""
    return bases.groupBy("application").agg(
        F.max_by("base", "revision").alias("base"), F.max("revision").alias("revision")
    )


def _seen(placed: DataFrame) -> DataFrame:
    """Count the positions of each application. `placed` has no negative positions, which loggers write for missing."""
    by_day = placed.groupBy("application", F.to_date("occurred_at").alias("day")).agg(
        F.min("position").alias("lowest"),
        F.count("*").alias("seen"),
        F.count_if(F.col("position") == 0).alias("zeros"),
        F.count_if(F.col("position") == 1).alias("ones"),
        F.min("occurred_at").alias("first"),
        F.max("occurred_at").alias("last"),
    )
    return by_day.groupBy("application").agg(
        F.min("lowest").alias("lowest"),
        *(F.sum(count).alias(count) for count in ("seen", "zeros", "ones")),
        F.array_distinct(F.flatten(F.collect_list(F.array("first", "last")))).alias("seen_at"),
        F.min("first").alias("first"),
    )


def _in_force(rows: DataFrame) -> DataFrame:
    """Return the newest row of each application as `known`, and the `touched_at` of all its rows as `known_at`."""
    times = F.array_distinct(F.flatten(F.collect_list("touched_at")))
    return rows.groupBy("application").agg(
        F.max_by(F.struct(*rows.columns), "revision").alias("known"), times.alias("known_at")
    )


def _counted_on(joined: DataFrame) -> DataFrame:
    """Add the counts of the newest row to the new ones.

    A settled base is kept. Its application is left out, unless a new position is below the base.
    """
    settled = F.coalesce("known.settled", F.lit(False))
    undecided = joined.where(~settled | (F.col("lowest") < F.col("known.base")))
    return undecided.withColumns(
        {
            "kept": F.when(settled, F.col("known.base")),
            "lowest": F.least("lowest", "known.lowest_position"),
            "seen": F.col("seen") + _or_zero("known.positions_seen"),
            "zeros": F.col("zeros") + _or_zero("known.at_zero_count"),
            "ones": F.col("ones") + _or_zero("known.at_one_count"),
            "first": F.least("first", "known.first_seen"),
        }
    )


def _or_zero(count: str) -> Column:
    return F.coalesce(count, F.lit(0))


def _judged(seen: DataFrame) -> DataFrame:
    """Add the base, whether it `is_new` and `is_settled`, and how many positions it sets aside."""
    found = F.when(2 * F.col("zeros") > F.col("ones"), 0).otherwise(1)
    based = seen.withColumn("base", F.coalesce("stated", "kept", found).cast("int"))
    based = based.withColumn("is_new", ~F.col("base").eqNullSafe(F.col("known.base")))
    certain = F.col("stated").isNotNull() | F.col("kept").isNotNull() | (F.col("zeros") + F.col("ones") >= ENOUGH)
    return based.withColumns(
        {
            "is_settled": certain & ~F.col("is_new"),
            "set_aside": F.when(F.col("base") == 1, F.col("zeros")).otherwise(0),
        }
    )


def _zero_records(placed: DataFrame, judged: DataFrame) -> DataFrame:
    """Return the first records at position 0 as `file:line`, if they are set aside or few enough to be mistakes."""
    wanted = judged.where((F.col("base") == 1) | (F.col("zeros") < ENOUGH)).select("application")
    zeros = placed.where(F.col("position") == 0).join(F.broadcast(wanted), "application")
    order = ("occurred_at", "record_id", "file_id")
    numbered = zeros.withColumn("number", F.row_number().over(Window.partitionBy("application").orderBy(*order)))
    place = F.concat_ws(":", F.coalesce("file_path", "file_id"), F.coalesce(F.col("place").cast("string"), "record_id"))
    first = F.struct("number", place.alias("place"))
    listed = numbered.where(F.col("number") <= NAMED).groupBy("application").agg(F.collect_list(first).alias("found"))
    return listed.select("application", F.array_sort("found").getField("place").alias("zero_records"))


def _says_more() -> Column:
    """Return false for an application whose newest row is settled and would not change."""
    same = F.col("known.settled") & F.col("is_settled") & (F.col("known.set_aside_count") == F.col("set_aside"))
    return ~F.coalesce(same, F.lit(False))


def _as_rows(judged: DataFrame) -> DataFrame:
    """Return the rows of the dataset, each with the next revision and the times that it touches."""
    settled = F.coalesce("known.settled", F.lit(False))
    ever = F.array_union("seen_at", F.coalesce("known_at", _nothing("timestamp")))
    touched = F.when(F.col("is_new"), ever).when(settled, _nothing("timestamp")).otherwise(F.col("seen_at"))
    known_records = F.when(~settled, F.col("known.zero_records"))
    records = F.array_union(*(F.coalesce(part, _nothing("string")) for part in (known_records, F.col("zero_records"))))
    return judged.select(
        "application",
        (_or_zero("known.revision") + 1).cast("int").alias("revision"),
        "base",
        F.when(F.col("stated").isNull(), "log").otherwise("setting").alias("found_by"),
        F.col("lowest").cast("int").alias("lowest_position"),
        F.col("seen").alias("positions_seen"),
        F.col("first").alias("first_seen"),
        F.col("zeros").alias("at_zero_count"),
        F.col("ones").alias("at_one_count"),
        F.col("is_settled").alias("settled"),
        F.array_sort(touched).alias("touched_at"),
        F.col("set_aside").alias("set_aside_count"),
        F.slice(records, 1, NAMED).alias("zero_records"),
    )


def _nothing(kind: str) -> Column:
    """Return an empty array of a type."""
    return F.array().cast(f"array<{kind}>")


def _stated(stated: object) -> Column:
    """Return the base that the settings give to an application; null if they give none."""
    if isinstance(stated, Mapping):
        given = {str(name): _checked(base) for name, base in stated.items() if base is not None}
        entries = [F.lit(part) for entry in given.items() for part in entry]
        return F.try_element_at(F.create_map(*entries), F.col("application")) if entries else F.lit(None).cast("int")
    return F.lit(None if stated is None else _checked(stated)).cast("int")


def _checked(base: object) -> int:
    if base in (0, 1) and not isinstance(base, bool):
        return int(str(base))
    raise ValueError(f"search.yaml: position.base is {base!r}; write 0 or 1, or leave it out")
