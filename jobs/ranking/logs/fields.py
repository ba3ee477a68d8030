"""Reading what a logger put into its free-form attributes, and the product's normal form of a query."""

from collections.abc import Iterable

import pandas as pd
from pyspark.sql import Column
from pyspark.sql import functions as F

from ranking.logs.text import normalise

UNKNOWN_DEVICE = "unknown"


def attribute(path: str, column: str) -> Column:
    """The text at a dotted path such as `query_attributes.client.device` of a JSON column; null where absent.

    Raises ValueError where the path does not begin with the column's name.
    """
    head, _, rest = path.partition(".")
    if head != column or not rest:
        raise ValueError(f"search.yaml: {path!r} is no path into {column}; write it as {column}.<name>")
    steps = "".join(f"['{step}']" for step in rest.split("."))
    return F.get_json_object(F.col(column), f"${steps}")


def device(path: str) -> Column:
    """The device in lower case; `unknown` where the logger gave none."""
    text = F.lower(F.trim(attribute(path, "query_attributes")))
    return F.coalesce(F.when(text != "", text), F.lit(UNKNOWN_DEVICE))


def mentions(paths: Iterable[str], besides: Iterable[str]) -> Column:
    """True where one of the paths holds something that is neither empty nor one of the values in `besides`."""
    idle = ["", "[]", "{}", "false", *(value.lower() for value in besides)]
    found = F.lit(False)
    for path in paths:
        text = F.lower(F.trim(attribute(path, "query_attributes")))
        found = found | F.coalesce(~text.isin(idle), F.lit(False))
    return found


def normalised(column: str) -> Column:
    """The query text in normal form (`ranking.text.normalise`); an absent one is the empty text."""

    def each(texts: pd.Series) -> pd.Series:
        known = {text: normalise(text) for text in texts.unique()}
        return texts.map(known)

    return F.pandas_udf(each, "string")(F.coalesce(F.col(column), F.lit("")))
