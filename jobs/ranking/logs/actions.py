"""User actions: the landed event records, with their actions mapped to the kinds that Tidemark knows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.logs import fields
from ranking.logs.text import QueryText

KINDS = ("impression", "click", "cart", "purchase")
OTHER = "other"


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per event record, with its action as impression, click, cart, purchase or other. Input: events.

    An id that is a placeholder, such as `undefined`, becomes null.
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
        fields.normalised(F.col("user_query"), QueryText.of(params)).alias("query"),
        fields.id_of(F.col("item_id")).alias("item_id"),
        F.col("position").alias("position"),
    )


def action_of(name: Column, mapping: Mapping[str, Sequence[str]]) -> Column:
    """Map the logged name of an action to its kind, ignoring case and blanks around the name.

    Raises ValueError if `mapping` has an unknown kind, or lists a name under two kinds.
    """
    _refuse_unclear(mapping)
    written = fields.trimmed(name)
    kind = F.lit(OTHER)
    for action in KINDS:
        names = sorted(written_names(mapping.get(action, ())))
        kind = F.when(written.isin(names), action).otherwise(kind) if names else kind
    return kind


def written_names(names: Iterable[str]) -> set[str]:
    """Return the names of a setting in the form in which they are compared with logged names."""
    return {name.strip().lower() for name in names}


def _refuse_unclear(mapping: Mapping[str, Sequence[str]]) -> None:
    unknown = sorted(set(mapping) - {*KINDS, OTHER})
    if unknown:
        raise ValueError(
            f"search.yaml, actions: unknown kind {', '.join(unknown)}; known kinds are {', '.join((*KINDS, OTHER))}"
        )
    names = [name for kind in KINDS for name in written_names(mapping.get(kind, ()))]
    twice = sorted({text for text in names if names.count(text) > 1})
    if twice:
        raise ValueError(f"search.yaml, actions: {', '.join(twice)} is listed under two kinds; keep one")
