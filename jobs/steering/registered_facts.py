"""What is registered about a ranker beside its model: parameters, metrics and tags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ranking.training.champion import Run
from ranking.training.recipe import Recipe
from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import equals
from tidemark.support.text import cut

VERSION_TAG = "tidemark.model_version"
"""The tag by which a ranker is found again."""
LONGEST_VALUE = 1_000
"""Characters of a tag or parameter. Servers before MLflow 3 take 5,000 and 500 of them, later ones more."""
LONGEST_PARAMETER = 500
DAYS = ("trained_from", "trained_through", "tested_through")
COUNTS = ("training_rows", "test_rows", "drifted")


@dataclass(frozen=True)
class Facts:
    """Facts about a ranker: numbers in `metrics`, texts in the others. `verdict` is the gate's sentence."""

    model_version: str
    verdict: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


def read_facts(lake: Lake, run: Run, row: Mapping[str, Any]) -> Facts:
    """Return the facts about a run of the registry. `row` is its row without the artifact."""
    return Facts(run.model_version, run.verdict, _parameters(row), _metrics(row), _tags(lake, run, row))


def _parameters(row: Mapping[str, Any]) -> dict[str, str]:
    days = {name: row[name] for name in DAYS if row[name] is not None}
    recipe = vars(Recipe.from_json(row["parameters"]))
    return {name: cut(str(value), LONGEST_PARAMETER) for name, value in {**recipe, **days}.items() if value != ""}


def _metrics(row: Mapping[str, Any]) -> dict[str, float]:
    """Return counts of rows, and the ranker's own means of each yardstick that judged queries, by view.

    A name is one that MLflow accepts, such as `exam.warm.ndcg_at_10`.
    """
    results = json.loads(row["metrics"])
    found = {name: float(row[name]) for name in COUNTS if row[name] is not None}
    if isinstance(results.get("rounds"), int):
        found["rounds"] = float(results["rounds"])
    for yardstick, figures in results.get("yardsticks", {}).items():
        for view, metrics in figures["rankers"].get("ours", {}).items():
            named = {f"{yardstick}.{view}.{name.replace('@', '_at_')}": value for name, value in metrics.items()}
            found |= {name: float(value[0]) for name, value in named.items() if value}
    return found


def _tags(lake: Lake, run: Run, row: Mapping[str, Any]) -> dict[str, str]:
    snapshots = json.loads(row["snapshots"]).get("snapshots", {})
    tags = {
        VERSION_TAG: run.model_version,
        "tidemark.training_run": str(run.version),
        "tidemark.sha256": str(run.sha256),
        "tidemark.verdict": run.verdict,
        **{f"tidemark.snapshot.{name}": str(snapshot) for name, snapshot in snapshots.items()},
    }
    release = _release(lake, run)
    if release is not None:
        tags["tidemark.release"] = release
    return {name: cut(value, LONGEST_VALUE) for name, value in tags.items()}


def _release(lake: Lake, run: Run) -> str | None:
    """Return the first release that serves the ranker: the one that maintenance keeps longest. None without one."""
    columns = ("release", "released_at")
    rows = ops.rows(lake, "ops.releases", equals("model_version", run.model_version), columns)
    first = min(rows, key=lambda row: (row["released_at"], row["release"]), default=None)
    return None if first is None else str(first["release"])
