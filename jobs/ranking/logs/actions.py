"""User actions: the landed event records in the product's own words, one row a record."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.logs import fields

KINDS = ("impression", "click", "cart", "purchase")
OTHER = "other"


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """The logger's action names mapped to impression, click, cart, purchase or other. Input: events.

    A word that stands for no id, such as `undefined`, is none.
    """
    return inputs["events"].select(
        "application",
        "record_id",
        "file_id",
        "file_path",
        "place",
        "arrived_at",
        "occurred_at",
        action_of(F.col("action_name"), params["actions"]).alias("action"),
        "action_name",
        *(fields.id_of(F.col(name)).alias(name) for name in ("query_id", "client_id", "session_id")),
        fields.normalised("user_query").alias("query"),
        fields.id_of(F.col("item_id")).alias("item_id"),
        F.col("position").alias("position"),
    )


def action_of(name: Column, mapping: Mapping[str, Sequence[str]]) -> Column:
    """The kind of an action by its logged name; upper and lower case are alike, blanks around it do not count.

    Raises ValueError for an unknown kind and for a name that stands under two kinds.
    """
    _refuse_unclear(mapping)
    written = fields.trimmed(name)
    kind = F.lit(OTHER)
    for action in KINDS:
        names = sorted(written_names(mapping.get(action, ())))
        kind = F.when(written.isin(names), action).otherwise(kind) if names else kind
    return kind


def written_names(names: Iterable[str]) -> set[str]:
    """The names of a setting in the form in which logged ones are compared."""
    return {name.strip().lower() for name in names}


def _refuse_unclear(mapping: Mapping[str, Sequence[str]]) -> None:
    unknown = sorted(set(mapping) - {*KINDS, OTHER})
    if unknown:
        raise ValueError(f"search.yaml, actions: unknown {', '.join(unknown)}; known are {', '.join(KINDS)}")
    names = [name for kind in KINDS for name in written_names(mapping.get(kind, ()))]
    twice = sorted({text for text in names if names.count(text) > 1})
    if twice:
        raise ValueError(f"search.yaml, actions: {', '.join(twice)} stands under two kinds; keep one")
