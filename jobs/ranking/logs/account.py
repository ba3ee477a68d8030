"""What an account of landed events remarks: records that land, but of which nothing can be learnt as they are."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.logs.actions import KINDS, OTHER, written_names
from ranking.logs.fields import id_of, trimmed

FOLLOWING = tuple(kind for kind in KINDS if kind != "impression")


def of_events(new: Mapping[str, DataFrame], known: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return a remark for each event with an action that the setting `actions` does not name, or without query or item.

    Only actions that count for relevance need a query_id and an item.
    """
    mapping: Mapping[str, Any] = params.get("actions") or {}
    name = trimmed(F.col("action_name"))
    followed = _is_one_of(name, mapping, FOLLOWING)
    unmapped = ~_is_one_of(name, mapping, (*KINDS, OTHER))
    remarks = F.array_compact(
        F.array(
            F.when(unmapped, F.concat(F.lit("with unmapped action "), F.col("action_name"))),
            F.when(id_of(F.col("query_id")).isNull(), "without a query_id"),
            F.when(followed & id_of(F.col("item_id")).isNull(), "of clicks, carts and purchases without an item"),
        )
    )
    return new["search_events"].select("file_path", F.explode(remarks).alias("what"))


def _is_one_of(name: Column, mapping: Mapping[str, Any], kinds: tuple[str, ...]) -> Column:
    names = sorted({written for kind in kinds for written in written_names(mapping.get(kind) or ())})
    return name.isin(names) if names else F.lit(False)
