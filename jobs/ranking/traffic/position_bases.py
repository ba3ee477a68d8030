"""Position bases: whether an application's logger counts positions from 0 or from 1.

Found once for an application, at its first logged positions, then kept. A later position that contradicts the
base is refused. `position.base` in infra/search.yaml is the last word: one number for all applications, or a
number for each by name.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

PLACED = ("impression", "click", "cart", "purchase")
REMEDY = "correct `position.base` in infra/search.yaml, then `tidemark run search.position_bases`"


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """New rows only: applications met for the first time, and those whose base the settings change.

    Inputs: actions, known (this dataset as it stands). Raises ValueError where stored base and log contradict.
    """
    stated = (params.get("position") or {}).get("base")
    seen = _seen(inputs["actions"])
    joined = seen.join(newest(inputs["known"]), "application", "left").withColumn("stated", _stated(stated))
    _refuse_contradiction(joined)
    found = F.when(F.col("lowest") == 0, 0).otherwise(1)
    base = F.coalesce("stated", "base", found)
    fresh = joined.where(F.col("base").isNull() | (F.col("base") != base))
    return fresh.select(
        "application",
        (F.coalesce("revision", F.lit(0)) + 1).cast("int").alias("revision"),
        base.cast("int").alias("base"),
        F.when(F.col("stated").isNull(), "log").otherwise("setting").alias("found_by"),
        F.col("lowest").cast("int").alias("lowest_position"),
        "positions_seen",
        "first_seen",
    )


def newest(bases: DataFrame) -> DataFrame:
    """The base in force of each application: application, base, revision."""
    return bases.groupBy("application").agg(
        F.max_by("base", "revision").alias("base"), F.max("revision").alias("revision")
    )


def _seen(actions: DataFrame) -> DataFrame:
    """Negative positions are a logger's way to say none."""
    placed = actions.where(F.col("action").isin(*PLACED) & (F.col("position") >= 0))
    return placed.groupBy("application").agg(
        F.min("position").alias("lowest"),
        F.count("*").alias("positions_seen"),
        F.min("occurred_at").alias("first_seen"),
    )


def _stated(stated: object) -> Column:
    if isinstance(stated, Mapping):
        given = {str(name): _checked(base) for name, base in stated.items() if base is not None}
        entries = [F.lit(part) for entry in given.items() for part in entry]
        return F.try_element_at(F.create_map(*entries), F.col("application")) if entries else F.lit(None).cast("int")
    return F.lit(None if stated is None else _checked(stated)).cast("int")


def _checked(base: object) -> int:
    if base in (0, 1) and not isinstance(base, bool):
        return int(str(base))
    raise ValueError(f"search.yaml: position.base is {base!r}; write 0 or 1, or leave it out")


def _refuse_contradiction(joined: DataFrame) -> None:
    below = joined.where(F.col("stated").isNull() & (F.col("lowest") < F.col("base"))).orderBy("application").head(1)
    if below:
        row = below[0]
        raise ValueError(
            f"search.position_bases: {row['application']} counts positions from {row['base']} since its first "
            f"log, and now a record says position {row['lowest']}; {REMEDY}"
        )
