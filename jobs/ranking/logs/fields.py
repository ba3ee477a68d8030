"""Reads values from the free-form attributes of a logger, and normalises query texts in Spark."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.logs.placeholders import WORDS
from ranking.logs.text import QueryText, normalise

UNKNOWN_DEVICE = "unknown"
NOTHING = frozenset({*WORDS, "false", "no", "off", "0", "0.0"})
"""Values that mean that the user chose nothing."""
DIRECTIONS = frozenset({"asc", "desc"})
"""Directions of a sort, which choose nothing by themselves."""
_BLANKS = r"^[\p{Z}\p{Cc}\p{Cf}]+|[\p{Z}\p{Cc}\p{Cf}]+$"
_KEYS = r'"(?:[^"\\]|\\.)*"\s*:'
_SCALARS = r'"(?:[^"\\]|\\.)*"|[^\s\[\]{},"]+'


def attribute(path: str, *columns: str) -> Column:
    """Return the text at a dotted path of a JSON column, such as `query_attributes.client.device`; null if absent.

    A key with dots, such as `{"client.device": ...}`, is read like the nested form. Raises ValueError if the path does
    not begin with one of `columns`.
    """
    head, _, rest = path.partition(".")
    if head not in columns or not rest:
        raise ValueError(
            f"search.yaml: {path!r} is not a path into {' or '.join(columns)}; write it as {columns[0]}.<name>"
        )
    nested = "".join(f"['{step}']" for step in rest.split("."))
    found = F.get_json_object(F.col(head), f"${nested}")
    return F.coalesce(found, F.get_json_object(F.col(head), f"$['{rest}']")) if "." in rest else found


def trimmed(text: Column) -> Column:
    """Return text in lower case without blanks at its ends: any spaces, line ends and invisible characters."""
    return F.lower(F.regexp_replace(text, _BLANKS, ""))


def id_of(text: Column) -> Column:
    """Return an id as it was logged, and null for a placeholder."""
    return F.when(~F.lower(F.trim(text)).isin(*WORDS), text)


def device(path: str) -> Column:
    """Return the device in lower case, and `unknown` if the logger gave none or a placeholder."""
    text = trimmed(attribute(path, "query_attributes"))
    return F.coalesce(F.when(~text.isin(*WORDS), text), F.lit(UNKNOWN_DEVICE))


def mentions(paths: Iterable[str], besides: Iterable[str]) -> Column:
    """Return true if a value at one of the paths, at any depth, means that the user chose something.

    Empty texts, false, zero and the values in `besides` choose nothing.
    """
    idle = NOTHING | {value.lower() for value in besides}
    found = F.lit(False)
    for path in paths:
        text = F.trim(attribute(path, "query_attributes"))
        values = F.when(text.rlike(r"^[\[{]"), _values_in(text)).otherwise(F.array(trimmed(text)))
        chosen = F.exists(values, lambda value: ~value.isin(*idle, *DIRECTIONS))
        found = found | F.coalesce(F.when(text.isNotNull(), chosen), F.lit(False))
    return found


def _values_in(document: Column) -> Column:
    """Return the values of a JSON text at any depth, without its keys."""
    written = F.regexp_extract_all(F.regexp_replace(document, _KEYS, " "), F.lit(_SCALARS), F.lit(0))
    return F.transform(written, lambda value: trimmed(F.regexp_replace(value, '^"|"$', "")))


def texts_at(path: str, *columns: str) -> Column:
    """Return the list of texts at a path: a JSON list or text separated by commas. It is null if absent or empty."""
    text = F.trim(attribute(path, *columns))
    listed = F.when(text.startswith("["), F.from_json(text, "array<string>"))
    texts = F.coalesce(listed, F.split(text, r"\s*,\s*"))
    return F.when((text != "") & (F.size(texts) > 0), texts)


def normalised(text: Column, steps: QueryText) -> Column:
    """Return the normal form of query texts (`ranking.logs.text.normalise`); null becomes an empty text.

    Texts go to Python as Arrow, where each different one of a batch is normalised once.
    """

    # Spark reads the hints of the function, and the class takes no arguments at run time.
    def each(texts: pa.Array) -> pa.Array:  # type: ignore[type-arg]
        distinct = texts.dictionary_encode()
        known = [normalise(str(text), steps) for text in distinct.dictionary.to_pylist()]
        return pa.array(known, pa.string()).take(distinct.indices)

    return F.arrow_udf(each, "string")(F.coalesce(text, F.lit("")))


def with_query(landed: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Return landed records whose `query` is in the normal form of the setting `query_text`.

    The column was filled at landing, by the setting of that time. So it is made again of `user_query`, as it was typed.
    """
    typed = F.coalesce("user_query", "query")
    return landed.withColumn("query", normalised(typed, QueryText.of(params)))
