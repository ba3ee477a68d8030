"""The features of a pair as maps: those of behaviour, and those of content."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

BEHAVIOUR, CONTENT = "f_", "c_"
NAMED = "named"  # the map of features whose names a shop or its search engine chose, with the same prefixes


def feature_map(features: DataFrame, prefix: str) -> Column:
    """Return a map of the columns with a prefix and of the entries of `named` with that prefix.

    A column wins over an entry of the same name. Null and NaN values have no entry.
    """
    columns = sorted(name for name in features.columns if name.startswith(prefix))
    entries = [part for name in columns for part in (F.lit(name), F.col(name).cast("double"))]
    none = F.create_map().cast("map<string,double>")
    full = F.create_map(*entries).cast("map<string,double>")
    if NAMED in features.columns:
        own = F.map_filter(F.coalesce(NAMED, none), lambda name, _: name.startswith(prefix) & ~name.isin(columns))
        full = F.map_concat(full, own)
    return F.map_filter(full, lambda _, value: value.isNotNull() & ~F.isnan(value))
