"""Content features: how query and item match, what the catalogue and the search engine said before a day."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

WORD_BREAK = r"[^\p{L}\p{N}]+"
FOREVER = "9999-12-31"
DEFAULTS: dict[str, Any] = {"title": "title", "item_attributes": [], "behaviour": []}


def versions(records: DataFrame, keys: list[str], instant: str, values: list[str]) -> DataFrame:
    """What held on which days: the newest record before 00:00 of a day, valid in [`since`, `until`).

    Of records that took effect on one day the latest speaks (then the last to arrive, then the largest id).
    """
    order = F.struct(instant, "arrived_at", "record_id", "file_id")
    newest = F.max_by(F.struct(*values), order).alias("value")
    daily = records.groupBy(*keys, F.date_add(F.to_date(instant), 1).alias("since")).agg(newest)
    in_time = Window.partitionBy(*keys).orderBy("since")
    until = F.coalesce(F.lead("since").over(in_time), F.lit(FOREVER).cast("date"))
    return daily.withColumn("until", until).select(*keys, "since", "until", "value.*")


def with_items(pairs: DataFrame, items: DataFrame, settings: Mapping[str, Any]) -> DataFrame:
    """Adds c_ columns of the item and of query and title, and `item_named`: its numeric attributes by name."""
    known = versions(items, ["application", "item_id"], "valid_from", ["attributes", "valid_from", "dated"])
    title = _attribute(settings["title"])
    first = F.min(F.when(F.col("dated"), F.to_date("valid_from"))).over(Window.partitionBy("application", "item_id"))
    known = known.select(
        "application", "item_id", "since", "until", first.alias("launched"),
        F.lower(title).alias("title"), _words(title).alias("title_words"),
        _prefixed(_numbers(settings["item_attributes"]), "item_", settings["behaviour"]).alias("item_named"),
    )  # fmt: skip
    joined = _as_of(pairs, known, ["application", "item_id"])
    asked, told = _words(F.col("query")), F.col("title_words")
    common = F.size(F.array_intersect(asked, told))
    age = F.date_diff("day", "launched")
    values = {
        "c_query_words": F.size(asked),
        "c_title_words": F.size(told),
        "c_query_words_in_title": F.try_divide(common, F.size(asked)),
        "c_title_words_in_query": F.try_divide(common, F.size(told)),
        "c_query_in_title": F.contains("title", "query").cast("int"),
        "c_item_age_days": F.when(age >= 0, age),
    }
    doubles = {name: F.round(value.cast("double"), 9) for name, value in values.items()}
    return joined.withColumns(doubles).drop("title", "title_words", "launched")


def with_logged(pairs: DataFrame, log: DataFrame, settings: Mapping[str, Any]) -> DataFrame:
    """Adds `engine_named`: the features that the search engine logged last before the day."""
    keys = ["application", "query", "item_id"]
    known = versions(log, keys, "logged_at", ["features"])
    named_so = _prefixed(F.coalesce("features", _empty()), "engine_", settings["behaviour"])
    return _as_of(pairs, known.withColumn("features", named_so).withColumnRenamed("features", "engine_named"), keys)


def named() -> Column:
    """One map of `item_named` and `engine_named`; an empty one where there is neither."""
    return F.map_concat(F.coalesce("item_named", _empty()), F.coalesce("engine_named", _empty()))


def first_logged(log: DataFrame) -> DataFrame:
    """The pairs that the search engine logged features for, each from the first day that may know it."""
    since = F.date_add(F.to_date(F.min("logged_at")), 1).alias("since")
    return log.groupBy("application", "query", "item_id").agg(since)


def _as_of(pairs: DataFrame, known: DataFrame, keys: list[str]) -> DataFrame:
    """The version in force on the pair's day. Versions of a key never overlap, so no row is doubled."""
    held = known.alias("held")
    same = [F.col(f"pairs.{key}") == F.col(f"held.{key}") for key in keys]
    in_force = (F.col("pairs.day") >= F.col("held.since")) & (F.col("pairs.day") < F.col("held.until"))
    values = [F.col(f"held.{name}") for name in known.columns if name not in (*keys, "since", "until")]
    return pairs.alias("pairs").join(held, [*same, in_force], "left").select("pairs.*", *values)


def _words(text: Column) -> Column:
    return F.array_distinct(F.filter(F.split(F.lower(text), WORD_BREAK), lambda word: word != ""))


def _numbers(names: Sequence[str]) -> Column:
    """The listed attributes by name, as far as they are numbers."""
    entries = []
    for name in dict.fromkeys(names):
        entries += [F.lit(name), _attribute(name).try_cast("double")]
    return F.create_map(*entries) if entries else _empty()


def _attribute(name: str) -> Column:
    """An attribute as text. It is looked up as the key of a map: a path would read signs in a foreign name."""
    return F.element_at(F.from_json("attributes", "map<string,string>"), F.lit(name))


def _prefixed(values: Column, kind: str, behaviour: Sequence[str]) -> Column:
    """Keys as c_item_* or c_engine_*, f_ for the names listed as behaviour; what has no value has no entry.

    Upper and lower case of a listed name are alike, so that `Sales` is not taken for content.
    """
    listed = [name.lower() for name in behaviour]
    kept = F.map_filter(values, lambda _, value: value.isNotNull() & ~F.isnan(value))

    def renamed(name: Column, _: Column) -> Column:
        prefix = F.when(F.lower(name).isin(*listed), "f_").otherwise("c_") if listed else F.lit("c_")
        return F.concat(prefix, F.lit(kind), name)

    return F.transform_keys(kept, renamed)


def _empty() -> Column:
    return F.create_map().cast("map<string,double>")
