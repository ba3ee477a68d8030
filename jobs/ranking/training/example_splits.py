"""The split: which lists of examples train a ranker, and which test it, by the scheme of the setting `split`.

The part of a cut depends on newer cuts, so it cannot stand in `training_examples`, where each new cut would rewrite all
earlier ones. Here a version replaces all rows.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from ranking.training import schemes
from ranking.training.scheme import Scheme
from ranking.training.schemes import Lists

CUTS = 26
"""Newest cuts that are split and trained on, unless the setting `training.cuts` says otherwise."""
LIST = ["application", "query", "window_start", "window_end", "group_id"]
_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("application", pa.string()),
    ("query", pa.string()),
    ("window_start", pa.date32()),
    ("window_end", pa.date32()),
    ("group_id", pa.int64()),
    ("split", pa.string()),
    ("why", pa.string()),
    ("scheme", pa.string()),
    ("settings", pa.string()),
    ("trains_until", pa.date32()),
]
SCHEMA = pa.schema(_COLUMNS)


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> pa.Table:
    """Return one row per list of the newest cuts. Input: examples. Raises ValueError for settings that do not fit."""
    scheme, cuts = Scheme.of(params), (params.get("training") or {}).get("cuts", CUTS)
    rows = inputs["examples"].select(*LIST).distinct().toArrow()
    days = np.unique(rows["window_end"].to_numpy())[-cuts:]
    rows = rows.filter(pa.array(np.isin(rows["window_end"].to_numpy(), days), pa.bool_()))
    rows = rows.sort_by([(name, "ascending") for name in ("window_end", "application", "query")])
    parts = schemes.assign(_lists(rows), scheme)
    chosen = json.dumps(asdict(scheme), sort_keys=True)
    until = parts.trains_until.astype("datetime64[D]").astype(object)
    columns = [
        *(rows[name].to_pylist() for name in LIST),
        list(parts.part),
        list(parts.why),
        *([text] * rows.num_rows for text in (scheme.scheme, chosen)),
        list(until),
    ]
    return pa.table(dict(zip(SCHEMA.names, columns, strict=True)), schema=SCHEMA)


def scheme_of(parts: DataFrame) -> Scheme:
    """Return the scheme that a version of the split follows, and the usual one if it has no rows."""
    row = parts.select("settings").first()
    return Scheme(**json.loads(row.settings)) if row is not None else Scheme()


def _lists(rows: pa.Table) -> Lists:
    """Return the lists of examples. The cluster is the query of an application; the newest cut is the newest."""
    texts = [rows[name].to_pylist() for name in ("application", "query", "window_end")]
    ends = rows["window_end"].to_numpy().astype("datetime64[D]")
    return Lists(
        name=_names(json.dumps([*query, str(cut)]) for *query, cut in zip(*texts, strict=True)),
        cluster=_names(json.dumps(query) for query in zip(*texts[:2], strict=True)),
        begins=rows["window_start"].to_numpy().astype("datetime64[D]"),
        ends=ends,
        newest=ends == ends.max() if len(ends) else np.zeros(0, bool),
    )


def _names(names: Any) -> schemes.Texts:
    return np.array(list(names), dtype=object)
