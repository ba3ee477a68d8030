"""Content features: how well query and title match, item attributes, and features that the search engine logged."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking.features import behaviour
from ranking.features.words import words

FOREVER = "9999-12-31"
DEFAULTS: dict[str, Any] = {"title": "title", "item_attributes": [], "behaviour": []}
NAMES = (
    "c_query_words", "c_title_words", "c_query_words_in_title", "c_title_words_in_query", "c_query_in_title",
    "c_item_age_days",
)  # fmt: skip
"""The columns of content; features whose names a shop or its search engine chose are entries of the map `named`."""


def versions(records: DataFrame, keys: list[str], instant: str, values: list[str]) -> DataFrame:
    """Return the versions of each key, each valid on the days [`since`, `until`).

    A day uses the newest record before its 00:00 UTC. If several records of a key took effect on one day, the latest
    is used, then the last to arrive, then the one with the largest id. `instant` names the column with the time from
    which a record holds.
    """
    order = F.struct(instant, "arrived_at", "record_id", "file_id")
    newest = F.max_by(F.struct(*values), order).alias("value")
    daily = records.groupBy(*keys, F.date_add(F.to_date(instant), 1).alias("since")).agg(newest)
    in_time = Window.partitionBy(*keys).orderBy("since")
    until = F.coalesce(F.lead("since").over(in_time), F.lit(FOREVER).cast("date"))
    return daily.withColumn("until", until).select(*keys, "since", "until", "value.*")


def with_content(pairs: DataFrame, items: DataFrame, log: DataFrame, settings: Mapping[str, Any]) -> DataFrame:
    """Add all content features of each pair on its day: the c_ columns, and the map `named`.

    `settings` are the setting `features`, merged over `DEFAULTS`. Raises ValueError for an item attribute whose feature
    would have the name of a column.
    """
    _refuse_taken(settings)
    found = with_items(pairs, items, settings)
    complete = with_logged(found, log, settings).withColumn("named", named())
    return complete.drop("item_named", "engine_named")


def with_items(pairs: DataFrame, items: DataFrame, settings: Mapping[str, Any]) -> DataFrame:
    """Add the c_ columns of title and item, and `item_named`, a map of the numeric attributes of the item by name."""
    known = versions(items, ["application", "item_id"], "valid_from", ["attributes", "valid_from", "dated"])
    title = _attribute(settings["title"])
    first = F.min(F.when(F.col("dated"), F.to_date("valid_from"))).over(Window.partitionBy("application", "item_id"))
    known = known.select(
        "application", "item_id", "since", "until", first.alias("launched"),
        F.lower(title).alias("title"), words(title).alias("title_words"),
        _prefixed(_numbers(settings["item_attributes"]), "item_", settings["behaviour"]).alias("item_named"),
    )  # fmt: skip
    joined = _as_of(pairs, known, ["application", "item_id"], ["title", "title_words", "launched", "item_named"])
    query_words, title_words = words(F.col("query")), F.col("title_words")
    common = F.size(F.array_intersect(query_words, title_words))
    age = F.date_diff("day", "launched")
    values = {
        "c_query_words": F.size(query_words),
        "c_title_words": F.size(title_words),
        "c_query_words_in_title": F.try_divide(common, F.size(query_words)),
        "c_title_words_in_query": F.try_divide(common, F.size(title_words)),
        "c_query_in_title": F.contains("title", "query").cast("int"),
        "c_item_age_days": F.when(age > 0, age),  # a version of the day itself is not known yet
    }
    doubles = {name: F.round(value.cast("double"), 9) for name, value in values.items()}
    return joined.withColumns(doubles).drop("title", "title_words", "launched")


def with_logged(pairs: DataFrame, log: DataFrame, settings: Mapping[str, Any]) -> DataFrame:
    """Add `engine_named`, a map of the features that the search engine logged last before the day."""
    keys = ["application", "query", "item_id"]
    known = versions(log, keys, "logged_at", ["features"])
    prefixed = _prefixed(F.coalesce("features", _empty()), "engine_", settings["behaviour"])
    return _as_of(pairs, known.withColumn("engine_named", prefixed), keys, ["engine_named"])


def named() -> Column:
    """Merge `item_named` and `engine_named` into one map; it is empty if both are null."""
    return F.map_concat(F.coalesce("item_named", _empty()), F.coalesce("engine_named", _empty()))


def first_logged(log: DataFrame) -> DataFrame:
    """Return the pairs with logged features, each with the first day (`since`) that may know of it."""
    since = F.date_add(F.to_date(F.min("logged_at")), 1).alias("since")
    return log.groupBy("application", "query", "item_id").agg(since)


def _refuse_taken(settings: Mapping[str, Any]) -> None:
    """Raise ValueError for an item attribute whose feature would have the name of a column, which would hide it."""
    listed = {name.lower() for name in settings["behaviour"]}
    for name in settings["item_attributes"]:
        feature = f"{'f' if name.lower() in listed else 'c'}_item_{name}"
        if feature in (*behaviour.NAMES, *NAMES):
            raise ValueError(
                f"search.yaml, features.item_attributes: {name!r} would become {feature}, which is the name of a "
                "computed feature; hand the attribute in under another name"
            )


def _as_of(pairs: DataFrame, known: DataFrame, keys: list[str], added: list[str]) -> DataFrame:
    """Add the columns `added` of the version that is valid on the day of each pair.

    Versions do not overlap, so no row is duplicated.
    """
    version = known.alias("version")
    same = [F.col(f"pairs.{key}") == F.col(f"version.{key}") for key in keys]
    in_force = (F.col("pairs.day") >= F.col("version.since")) & (F.col("pairs.day") < F.col("version.until"))
    values = [F.col(f"version.{name}") for name in added]
    return pairs.alias("pairs").join(version, [*same, in_force], "left").select("pairs.*", *values)


def _numbers(names: Sequence[str]) -> Column:
    """Return a map of the listed attributes by name; an attribute that is not a number is null."""
    entries = []
    for name in dict.fromkeys(names):
        entries += [F.lit(name), _attribute(name).try_cast("double")]
    return F.create_map(*entries) if entries else _empty()


def _attribute(name: str) -> Column:
    """Return an attribute as text, null if absent.

    It is looked up as a key of a map, because a JSON path would interpret dots and quotes in the name.
    """
    return F.element_at(F.from_json("attributes", "map<string,string>"), F.lit(name))


def _prefixed(values: Column, kind: str, behaviour: Sequence[str]) -> Column:
    """Prefix the keys of a map with `c_` and `kind`, or with `f_` and `kind` if `behaviour` lists the name.

    Entries that are null or NaN are removed. Names are compared without case, so that `Sales` is not taken as content
    if `sales` is listed.
    """
    listed = [name.lower() for name in behaviour]
    kept = F.map_filter(values, lambda _, value: value.isNotNull() & ~F.isnan(value))

    def renamed(name: Column, _: Column) -> Column:
        prefix = F.when(F.lower(name).isin(*listed), "f_").otherwise("c_") if listed else F.lit("c_")
        return F.concat(prefix, F.lit(kind), name)

    return F.transform_keys(kept, renamed)


def _empty() -> Column:
    return F.create_map().cast("map<string,double>")
