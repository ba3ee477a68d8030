"""What a ranker is worth: three yardsticks side by side, warm, mixed and cold, against what is there already.

Yardsticks: `exam` (human grades of queries whose grades trained nothing), `behaviour` (long clicks per
examination of the test window, pairs with traffic only) and `label` (our own labels, for information: a label
contains a prior made of the ranker's inputs, so it may train but never judge).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ranking.labels.splits import bucket_of
from ranking.training import learner, matrices, metrics
from ranking.training.matrices import Examples, Flags, Floats

WARM, MIXED, COLD = "warm", "mixed", "cold"
OURS, CHAMPION, LOGGED, POPULARITY = "ours", "champion", "logged_order", "popularity"
NEW_SHARE = 0.3  # of the items of a mixed list, as measured for the design
RELEVANT_GRADE = 1.0  # from here a graded item counts as relevant in MAP and MRR
LEAST_LOOKS = 5.0  # a rate from fewer expected looks is drawn towards zero
TOP = 10

Scores = dict[str, dict[str, Floats]]  # ranker -> view -> a score a row


@dataclass(frozen=True)
class Yardstick:
    """Which test rows count, and of these rows: what each is worth, and which are relevant."""

    name: str
    rows: Flags
    gains: Floats
    relevant: Flags


def shuffled(examples: Examples, seed: int) -> Examples:
    """The same groups with their rows in a fixed random order, so that ties favour nobody."""
    draw = np.random.default_rng(seed).random(len(examples))
    order = np.lexsort((draw, examples.group))
    arrays = {name: getattr(examples, name)[order] for name in vars(examples) if name != "names"}
    return Examples(names=examples.names, **arrays)


def yardsticks(test: Examples, grades: Mapping[tuple[str, str, str], float]) -> dict[str, Yardstick]:
    """The three yardsticks of a test part; `grades` are human grades by (application, query, item)."""
    pairs = zip(test.application, test.query, test.item_id, strict=True)
    human = np.array([grades.get(pair, np.nan) for pair in pairs], dtype=np.float64)
    seen = test.evidence > 0
    rate = test.long_clicks / np.maximum(test.examination, LEAST_LOOKS)
    found = [
        _graded("exam", test.exam & ~np.isnan(human), human),
        Yardstick("behaviour", seen, rate[seen], test.long_clicks[seen] > 0),
        _graded("label", np.ones(len(test), dtype=np.bool_), test.grade),
    ]
    return {yardstick.name: yardstick for yardstick in found}


def model_scores(model: learner.Model, test: Examples) -> dict[str, Floats]:
    """Scores with behaviour (warm), without (cold), and with a fixed 30 % of the items new (mixed)."""
    features = matrices.columns_as(test.features, test.names, model.names)
    hidden = matrices.behaviour_columns(model.names)
    new = np.array([bucket_of(f"new {item}") < NEW_SHARE for item in test.item_id], dtype=np.bool_)
    return {
        WARM: model.predict(features),
        MIXED: model.predict(matrices.masked(features, hidden, new)),
        COLD: model.predict(matrices.masked(features, hidden)),
    }


def baseline_scores(test: Examples, position: str, popularity: str) -> Scores:
    """The logged order (mean position before the cut, unseen pairs last) and popularity, where known."""
    found = {}
    if position in test.names:
        found[LOGGED] = {WARM: -np.nan_to_num(test.feature(position), nan=np.inf)}
    if popularity in test.names:
        found[POPULARITY] = {WARM: np.nan_to_num(test.feature(popularity), nan=-np.inf)}
    return found


def per_query(yardstick: Yardstick, test: Examples, scores: Floats) -> dict[str, Floats]:
    """Every metric with one value a query of the yardstick, the queries in the same order for each ranker."""
    rows = yardstick.rows
    return metrics.all_metrics(scores[rows], yardstick.gains, yardstick.relevant, test.group[rows])


def table(yardstick: Yardstick, test: Examples, scores: Scores, seed: int) -> dict[str, Any]:
    """What the report shows of a yardstick: its queries and, by ranker and view, each metric."""
    figures = {
        ranker: {view: metrics.summarise(per_query(yardstick, test, values), seed) for view, values in views.items()}
        for ranker, views in scores.items()
    }
    return {"queries": queries(yardstick, test), "pairs": int(yardstick.rows.sum()), "rankers": figures}


def queries(yardstick: Yardstick, test: Examples) -> int:
    """How many queries the yardstick can judge: those with something worth ranking first."""
    return int((~np.isnan(per_query(yardstick, test, np.zeros(len(test)))["ndcg@10"])).sum())


def unseen_in_top(test: Examples, scores: Floats) -> float | None:
    """The share of the ranker's top tens that had no traffic when tested; behaviour cannot judge these."""
    sizes = matrices.group_sizes(test.group)
    number = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-scores, number))
    rank = np.arange(len(test)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    top = test.evidence[order][rank < TOP]
    return round(float((top == 0).mean()), 6) if len(top) else None


def human_grades(judgments: pa.Table) -> dict[tuple[str, str, str], float]:
    """The mean grade by (application, query, item), whatever the order of the records."""
    found: dict[tuple[str, str, str], list[float]] = {}
    columns = (judgments[name].to_pylist() for name in ("application", "query", "item_id", "grade"))
    for application, query, item, grade in zip(*columns, strict=True):
        found.setdefault((application, query, item), []).append(grade)
    return {pair: float(np.mean(sorted(grades))) for pair, grades in found.items()}


def _graded(name: str, rows: Flags, grade: Floats) -> Yardstick:
    return Yardstick(name, rows, metrics.gains_of(grade[rows]), grade[rows] >= RELEVANT_GRADE)
