"""A ranker as a model of the Learning to Rank plugins of OpenSearch and Elasticsearch: `model/xgboost+json`.

The parser of both plugins is `XGBoostJsonParser`, the scoring is `NaiveAdditiveDecisionTree`: a value goes to `yes` if
it is less than `split_condition`, in 32 bits, a missing one to `missing`, and the leaves are added in 32 bits.

Versions before Elasticsearch's plugin 1.5.9 (pull requests 480 and 482) and OpenSearch 3.8 (379) ignore `missing`. They
would load the same model and give wrong scores. So a model names something that these versions do not know, and their
parsers refuse it: for OpenSearch the flag `missing_as_zero` (389, in 3.9), for Elasticsearch the objective `rank:ndcg`
(479, in 1.5.9). OpenSearch knows this objective since 3.3 (211).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranking.export.narrow import at_most, next_above
from ranking.export.trees import Tree
from ranking.training.matrices import Floats, Matrix, Whole

OPENSEARCH, ELASTICSEARCH = PLUGINS = ("opensearch", "elasticsearch")
_GUARD: Mapping[str, Mapping[str, Any]] = {
    OPENSEARCH: {"missing_as_zero": False},
    ELASTICSEARCH: {"objective": "rank:ndcg"},
}
DEEPEST = 300
"""The most splits above a leaf. Jackson, which parses the model, refuses more than 1,000 levels; a split takes two."""


def definition(trees: Sequence[Tree], names: Sequence[str], plugin: str) -> str:
    """Return the definition of the model as JSON.

    Raises ValueError without a tree, or if one is deeper than `DEEPEST`.
    """
    if not trees:
        raise ValueError("it has no trees, and the plugin wants at least one")
    deepest = max(tree.depth for tree in trees)
    if deepest > DEEPEST:
        raise ValueError(f"a tree is {deepest} splits deep, and the plugin reads at most {DEEPEST}")
    splits = [_node(tree, names, tree.root, [0], 0) for tree in trees]
    return json.dumps({**_GUARD[plugin], "splits": splits}, separators=(",", ":"), allow_nan=False)


def _node(tree: Tree, names: Sequence[str], child: int, numbers: list[int], depth: int) -> dict[str, Any]:
    number = numbers[0]
    numbers[0] += 1
    if child < 0:
        return {"nodeid": number, "leaf": float(np.float32(tree.leaves[-child - 1]))}
    split = tree.splits[child]
    left = _node(tree, names, split.left, numbers, depth + 1)
    right = _node(tree, names, split.right, numbers, depth + 1)
    return {
        "nodeid": number,
        "depth": depth,
        "split": names[split.feature],
        "split_condition": next_above(at_most(split.threshold)),
        "yes": left["nodeid"],
        "no": right["nodeid"],
        "missing": left["nodeid"] if split.missing_left else right["nodeid"],
        "children": [left, right],
    }


def model_body(name: str, model: str) -> str:
    """Return the body of `POST _ltr/_featureset/.../_createmodel` for a definition."""
    body = {"model": {"name": name, "model": {"type": "model/xgboost+json", "definition": model}}}
    return json.dumps(body) + "\n"


def feature_set_body(names: Sequence[str]) -> str:
    """Return the body of `PUT _ltr/_featureset/...` with a query for each feature, to be replaced where needed.

    Each query reads a field with the name of the feature. A document without the field does not match, so the feature
    is missing.
    """
    features = [
        {"name": name, "params": [], "template_language": "mustache", "template": _field_value(name)} for name in names
    ]
    return json.dumps({"featureset": {"features": features}}, indent=2) + "\n"


def _field_value(name: str) -> dict[str, Any]:
    return {
        "function_score": {
            "query": {"exists": {"field": name}},
            "field_value_factor": {"field": name},
            "boost_mode": "replace",
        }
    }


def score(body: str, names: Sequence[str], rows: Matrix) -> tuple[Floats, Floats]:
    """Return the scores that the plugin gives to rows, and those of the same leaves added in 64 bits.

    `body` is that of `model_body`. `rows` has shape (rows, features), with the columns `names`; NaN is a feature that
    the document lacks. This reads nothing but the body, as the plugin does.
    """
    model = json.loads(json.loads(body)["model"]["model"]["definition"])
    place = {name: number for number, name in enumerate(names)}
    narrow, wide = np.zeros(len(rows), dtype=np.float32), np.zeros(len(rows))
    for tree in model["splits"]:
        leaf = _leaf_of_each(tree, place, rows)
        narrow += leaf
        wide += leaf
    return narrow.astype(np.float64), wide


def _leaf_of_each(tree: Mapping[str, Any], place: Mapping[str, int], rows: Matrix) -> Matrix:
    found = np.empty(len(rows), dtype=np.float32)
    waiting: list[tuple[Mapping[str, Any], Whole]] = [(tree, np.arange(len(rows)))]
    while waiting:
        node, here = waiting.pop()
        if "leaf" in node:
            found[here] = np.float32(node["leaf"])
            continue
        values = rows[here, place[node["split"]]]
        yes = np.float32(node["split_condition"]) > values
        yes |= np.isnan(values) & (node["missing"] == node["yes"])
        first, second = node["children"]
        waiting += [(first, here[yes]), (second, here[~yes])]
    return found


def below_zero(trees: Sequence[Tree], names: Sequence[str]) -> list[str]:
    """Return the features with a split below zero. Negative values of them matter, and a search engine has none."""
    found = {split.feature for tree in trees for split in tree.splits if at_most(split.threshold) < 0}
    return [names[feature] for feature in sorted(found)]
