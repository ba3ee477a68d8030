"""Reading what a logger put into its free-form attributes, and the product's normal form of a query."""

from collections.abc import Iterable

import pandas as pd
from pyspark.sql import Column
from pyspark.sql import functions as F

from ranking.logs.placeholders import WORDS
from ranking.logs.text import normalise

UNKNOWN_DEVICE = "unknown"
NOTHING = frozenset({*WORDS, "false", "no", "off", "0", "0.0"})
"""Values that say that nothing was chosen."""
DIRECTIONS = frozenset({"asc", "desc"})
"""Beside a sort these say which way, and choose nothing by themselves."""
_BLANKS = r"^[\p{Z}\p{Cc}\p{Cf}]+|[\p{Z}\p{Cc}\p{Cf}]+$"
_KEYS = r'"(?:[^"\\]|\\.)*"\s*:'
_SCALARS = r'"(?:[^"\\]|\\.)*"|[^\s\[\]{},"]+'


def attribute(path: str, *columns: str) -> Column:
    """The text at a dotted path such as `query_attributes.client.device` of a JSON column; null where absent.

    A key with dots, `{"client.device": ...}`, is read like the nested form. Raises ValueError where the path begins
    with none of the columns' names.
    """
    head, _, rest = path.partition(".")
    if head not in columns or not rest:
        raise ValueError(
            f"search.yaml: {path!r} is no path into {' or '.join(columns)}; write it as {columns[0]}.<name>"
        )
    nested = "".join(f"['{step}']" for step in rest.split("."))
    found = F.get_json_object(F.col(head), f"${nested}")
    return F.coalesce(found, F.get_json_object(F.col(head), f"$['{rest}']")) if "." in rest else found


def trimmed(text: Column) -> Column:
    """Text in lower case, without the blanks around it: spaces of any kind, line ends, characters nobody sees."""
    return F.lower(F.regexp_replace(text, _BLANKS, ""))


def id_of(text: Column) -> Column:
    """An id as it was logged; null for a word that stands for no id."""
    return F.when(~F.lower(F.trim(text)).isin(*WORDS), text)


def device(path: str) -> Column:
    """The device in lower case; `unknown` where the logger gave none."""
    text = trimmed(attribute(path, "query_attributes"))
    return F.coalesce(F.when(~text.isin(*WORDS), text), F.lit(UNKNOWN_DEVICE))


def mentions(paths: Iterable[str], besides: Iterable[str]) -> Column:
    """True where one of the paths holds a value that chooses something, at any depth.

    Empty, false and zero choose nothing, nor do the values in `besides`.
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
    """The values of a JSON text at any depth, without the keys."""
    written = F.regexp_extract_all(F.regexp_replace(document, _KEYS, " "), F.lit(_SCALARS), F.lit(0))
    return F.transform(written, lambda value: trimmed(F.regexp_replace(value, '^"|"$', "")))


def texts_at(path: str, *columns: str) -> Column:
    """The list of texts at a path: a JSON list, or text parted by commas; null where absent or empty."""
    text = F.trim(attribute(path, *columns))
    listed = F.when(text.startswith("["), F.from_json(text, "array<string>"))
    texts = F.coalesce(listed, F.split(text, r"\s*,\s*"))
    return F.when((text != "") & (F.size(texts) > 0), texts)


def normalised(column: str) -> Column:
    """The query text in normal form (`ranking.logs.text.normalise`); an absent one is the empty text."""

    def each(texts: pd.Series) -> pd.Series:
        known = {text: normalise(text) for text in texts.unique()}
        return texts.map(known)

    return F.pandas_udf(each, "string")(F.coalesce(F.col(column), F.lit("")))
