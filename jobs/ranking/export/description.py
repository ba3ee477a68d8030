"""What a service needs beside the text of a ranker: its features in order, its labels, its inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ranking.training import model_text
from ranking.training.recipe import LABEL_GAIN, Recipe

SCALES: Mapping[str, str] = {
    "score": "a higher score ranks first; scores can be compared only within a query",
    "missing": "NaN; a feature that a pair lacks is missing, not 0",
    "label": "grade of ranking.relevance_labels from 0 to 4, in steps of 4/30; label_gain has the gain of each step",
}


def describe(row: Mapping[str, Any], text: str, names: Sequence[str]) -> str:
    """Return a JSON object about a row of `rankers`, whose artifact is `text` and whose features are `names`.

    `features` lists the inputs of the model in their order: `name` is the feature's own name, `column` its name inside
    the model, where names with other characters than letters, digits and `_` are replaced.
    """
    features = [
        {"name": name, "column": column, "type": "float32"}
        for name, column in zip(names, model_text.columns_of(text), strict=True)
    ]
    inputs = json.loads(row["snapshots"])
    value = {
        "model_version": row["model_version"],
        "sha256": row["sha256"],
        "format": "LightGBM text model, version v4",
        "features": features,
        **SCALES,
        "label_gain": LABEL_GAIN,
        "trained_from": _day(row["trained_from"]),
        "trained_through": _day(row["trained_through"]),
        "snapshots": inputs.get("snapshots", {}),
        "complete_through": inputs.get("complete_through", {}),
        "recipe": vars(Recipe.from_json(row["parameters"])),
    }
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _day(value: Any) -> str | None:
    return None if value is None else str(value)
