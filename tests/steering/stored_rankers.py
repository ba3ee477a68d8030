"""Rankers, pairs and decisions as rows of a lake, without a session that made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from ranking.training import learner
from ranking.training.recipe import Recipe
from tests.conftest import CHECKOUT
from tests.learning import made
from tidemark.catalog import Lake
from tidemark.spec.load import load_specs

NAMES = ("f_impressions_7", "f_ctr_7", 'c_"böse".name', "c_price")
"""Two columns of `query_item_features` and two entries of its map `named`."""
CHAMPION = "r20260412-7f3a"


def train(rounds: int = 30) -> learner.Trained:
    """Train a ranker on made examples; a third of the values is missing."""
    examples = made.examples(queries=120)
    features = made.matrix(examples).copy()
    features[np.random.default_rng(1).random(features.shape) < 0.3] = np.nan
    recipe = Recipe(rounds=rounds, unwatched_rounds=rounds, least_rounds=rounds, min_rows_in_leaf=5)
    held_out = replace(made.examples(seed=1), names=NAMES)
    return learner.train(replace(examples, names=NAMES, features=features), held_out, recipe)


def ranker(trained: learner.Trained, **more: Any) -> dict[str, Any]:
    row = {"model_version": CHAMPION, "promoted": False, "verdict": "Better.", "artifact": trained.artifact}
    row |= {"sha256": trained.sha256, "features": json.dumps(list(trained.names)), "metrics": "{}"}
    row |= {"parameters": "{}", "snapshots": json.dumps({"snapshots": {"examples": 4410}, "complete_through": {}})}
    row |= {"trained_from": date(2026, 1, 1), "trained_through": date(2026, 4, 5), "training_rows": 1200}
    return {**row, "tested_through": date(2026, 4, 12), "test_rows": 100, **more}


def pair(number: int) -> dict[str, Any]:
    named = [(NAMES[2], number / 7)] if number % 2 else []
    row = {"application": "shop", "query": "q", "item_id": f"i{number}", "day": date(2026, 4, 12), "named": named}
    return {**row, "f_impressions_7": float(number), "f_ctr_7": None if number % 3 else 0.1 * number}


def add(lake: Lake, dataset: str, *rows: Mapping[str, Any]) -> None:
    spec = load_specs(CHECKOUT / "schemas", lake.settings.values)[dataset]
    table = lake.ensure_table(spec)
    table.append(pa.Table.from_pylist([dict(row) for row in rows], schema=table.schema().as_arrow()))


def decision(action: str, model_version: str, after_version: int) -> dict[str, Any]:
    at = datetime(2026, 4, 14, 8, after_version, tzinfo=UTC)
    name = f"d{after_version}-{action}"
    row = {"decision_id": name, "record_id": name, "decided_at": at, "action": action, "reason": "why"}
    row |= {"model_version": model_version, "after_version": after_version, "decided_by": "ada"}
    return {**row, "file_id": "f", "file_path": "decisions/d1.jsonl", "place": 1, "arrived_at": at}
