"""Explain a row: everything behind it, and the releases that hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tidemark.catalog import Lake, ops
from tidemark.lineage.history import same_rows
from tidemark.operate.origin.chain import Explanation, Release
from tidemark.operate.origin.search import Search
from tidemark.spec import DatasetSpec

RELEASES = 3
"""The most releases that are named, the newest first."""


def explain_row(lake: Lake, specs: Mapping[str, DatasetSpec], dataset: str, keys: Mapping[str, Any]) -> Explanation:
    """Return where the rows of a dataset come from that have the given values (`keys.read_keys`).

    Raises RequestRefused if there is no such row.
    """
    found = Search(lake, specs).explain(dataset, keys)
    return Explanation(found, tuple(_releases(lake, dataset, found.snapshot or 0)))


def _releases(lake: Lake, dataset: str, snapshot: int) -> list[Release]:
    """Return the newest releases that name the rows that a table has at a snapshot."""
    table = lake.find_table(dataset)
    same = set(same_rows(table, snapshot)) if table is not None else set()
    rows = ops.rows(lake, "ops.releases", columns=("release", "tables", "released_at"))
    found = [
        Release(row["release"], row["released_at"]) for row in rows if json.loads(row["tables"]).get(dataset) in same
    ]
    return sorted(found, key=lambda release: release.released_at, reverse=True)[:RELEASES]
