"""Evaluation of a ranker by three yardsticks, in three views, beside the champion and simple baselines.

Yardsticks:

- `exam`: human grades of exam queries, whose grades are not used for training.
- `behaviour`: long clicks per examination in the test window, smoothed towards the rate of the query, for pairs with
  traffic only, in lists with at least one long click.
- `label`: our own labels. They are shown for information only, because they contain a prior made of the inputs of the
  ranker. They may train a ranker but not judge it.

Views: in `warm` all features are known, in `cold` all behaviour features are hidden, in `mixed` the behaviour features
of 30 % of the items are hidden, as if these items were new.

Arrays have one entry per row of the test examples, unless stated otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ranking.labels.splits import bucket_of
from ranking.training import feature_rows, learner, matrices, metrics
from ranking.training.matrices import Examples, Flags, Floats, Whole

WARM, MIXED, COLD = "warm", "mixed", "cold"
OURS, CHAMPION, FORMER, LOGGED, POPULARITY = "ours", "champion", "former", "logged_order", "popularity"
TITLES = {
    OURS: "this ranker", CHAMPION: "champion", FORMER: "champion of a quarter ago", LOGGED: "logged order",
    POPULARITY: "popularity",
}  # fmt: skip
NEW_SHARE = 0.3  # share of the items that are new in the mixed view
RELEVANT_GRADE = 1.0  # an item with at least this grade is relevant in MAP and MRR
LOOKS = 2.0  # the rate of a query weighs as much as this many examinations in the rate of a pair
QUERY_LOOKS = 10.0  # the rate of all queries weighs as much as this many examinations in the rate of a query
TOP = 10

Scores = dict[str, dict[str, Floats]]  # ranker -> view -> one score per row


@dataclass(frozen=True)
class Yardstick:
    """A way to judge an order: `rows` marks the test rows that count.

    `gains` and `relevant` have one entry for each marked row: its gain (at least 0), and whether it is relevant.
    """

    name: str
    rows: Flags
    gains: Floats
    relevant: Flags


def yardsticks(test: Examples, grades: Mapping[tuple[str, str, str], float]) -> dict[str, Yardstick]:
    """Return the three yardsticks of the test examples. `grades` are human grades by (application, query, item)."""
    human = graded(test, grades)
    found = [
        _graded("exam", test.exam & ~np.isnan(human), human),
        behaviour(test),
        _graded("label", np.ones(len(test), dtype=np.bool_), test.grade),
    ]
    return {yardstick.name: yardstick for yardstick in found}


def graded(test: Examples, grades: Mapping[tuple[str, str, str], float]) -> Floats:
    """Return the human grade of each row; NaN for a row without one."""
    pairs = zip(test.application, test.query, test.item_id, strict=True)
    return np.array([grades.get(pair, np.nan) for pair in pairs], dtype=np.float64)


def model_scores(model: learner.Model, test: Examples) -> dict[str, Floats]:
    """Return the scores of a model in each view. The new items of the mixed view are always the same."""
    hidden = matrices.behaviour_columns(model.names)
    new = np.array([bucket_of(f"new {item}") < NEW_SHARE for item in test.item_id], dtype=np.bool_)
    found = {view: np.empty(len(test)) for view in (WARM, MIXED, COLD)}
    begin = 0
    for batch in feature_rows.batches(test.features):
        features, rows = matrices.columns_as(batch, test.names, model.names), slice(begin, begin + len(batch))
        found[WARM][rows] = model.predict(features)
        found[MIXED][rows] = model.predict(matrices.masked(features, hidden, new[rows]))
        found[COLD][rows] = model.predict(matrices.masked(features, hidden))
        begin += len(batch)
    return found


def baseline_scores(test: Examples, position: str, popularity: str) -> Scores:
    """Return the scores of the logged order and of popularity, if any test row has the feature that they need.

    The logged order is the mean position before the cut. Pairs without traffic come last.
    """
    found = {}
    if np.isfinite(test.feature(position)).any():
        found[LOGGED] = {WARM: -np.nan_to_num(test.feature(position), nan=np.inf)}
    if np.isfinite(test.feature(popularity)).any():
        found[POPULARITY] = {WARM: np.nan_to_num(test.feature(popularity), nan=-np.inf)}
    return found


def per_query(yardstick: Yardstick, test: Examples, scores: Floats) -> dict[str, Floats]:
    """Return each metric with one value per query of the yardstick, NaN for a query that it cannot judge.

    The order of the queries is the same for all rankers.
    """
    rows = yardstick.rows
    return metrics.all_metrics(scores[rows], yardstick.gains, yardstick.relevant, test.group[rows])


def queries_of(test: Examples) -> Whole:
    """Return the number of the query of each list: its lists at several cuts share it."""
    sizes = matrices.group_sizes(test.group)
    first = np.cumsum(sizes) - sizes
    names = [f"{app}\0{query}" for app, query in zip(test.application[first], test.query[first], strict=True)]
    _, number = np.unique(np.array(names, dtype=np.str_), return_inverse=True)
    return number.astype(np.int64)


def means(values: Floats, query: Whole) -> Floats:
    """Return the mean of each query over its lists, without those that are NaN. A query without a value is left out."""
    counted = ~np.isnan(values)
    _, number = np.unique(query[counted], return_inverse=True)
    return np.asarray(np.bincount(number, values[counted]) / np.bincount(number))


def table(yardstick: Yardstick, test: Examples, scores: Scores, seed: int) -> dict[str, Any]:
    """Return the results of a yardstick for the report: queries, pairs, and each metric by ranker and view."""
    figures = {
        ranker: {view: metrics.summarise(per_query(yardstick, test, values), seed) for view, values in views.items()}
        for ranker, views in scores.items()
    }
    return {"queries": queries(yardstick, test), "pairs": int(yardstick.rows.sum()), "rankers": figures}


def queries(yardstick: Yardstick, test: Examples) -> int:
    """Return the number of queries that the yardstick can judge: those with a positive gain."""
    return int((~np.isnan(per_query(yardstick, test, np.zeros(len(test)))["ndcg@10"])).sum())


def unseen_in_top(test: Examples, scores: Floats) -> float | None:
    """Return the share of the pairs in the top ten lists of a ranker that had no traffic in the test window.

    Behaviour cannot judge these pairs. Without rows the result is None.
    """
    sizes, number = matrices.group_sizes(test.group), matrices.group_numbers(test.group)
    order = np.lexsort((-scores, number))
    rank = np.arange(len(test)) - (np.cumsum(sizes) - sizes)[number]
    top = test.evidence[order][rank < TOP]
    return round(float((top == 0).mean()), 6) if len(top) else None


def human_grades(judgments: pa.Table) -> dict[tuple[str, str, str], float]:
    """Return the mean grade by (application, query, item). The order of the records does not change the result."""
    found: dict[tuple[str, str, str], list[float]] = {}
    columns = (judgments[name].to_pylist() for name in ("application", "query", "item_id", "grade"))
    for application, query, item, grade in zip(*columns, strict=True):
        found.setdefault((application, query, item), []).append(grade)
    return {pair: float(np.mean(sorted(grades))) for pair, grades in found.items()}


def behaviour(test: Examples) -> Yardstick:
    """Return the yardstick of later behaviour.

    A rate is (long clicks + LOOKS * rate of the query) / (examinations + LOOKS). An item that was hardly examined so
    counts as usual for its query. It must not count as bad: that would favour the order that was shown.
    """
    number, seen = matrices.group_numbers(test.group), test.evidence > 0
    clicked = np.bincount(number, np.where(seen, test.long_clicks, 0.0)) > 0
    rows = seen & clicked[number]
    return Yardstick("behaviour", rows, long_click_rates(test)[rows], test.long_clicks[rows] > 0)


def long_click_rates(test: Examples) -> Floats:
    """Return the smoothed long clicks per examination of each row, as `behaviour` says; the query's without traffic."""
    number, seen = matrices.group_numbers(test.group), test.evidence > 0
    clicks, looks = (np.where(seen, values, 0.0) for values in (test.long_clicks, test.examination))
    query_clicks, query_looks = (np.bincount(number, values) for values in (clicks, looks))
    overall = query_clicks.sum() / max(query_looks.sum(), 1.0)
    of_query = ((query_clicks + QUERY_LOOKS * overall) / (query_looks + QUERY_LOOKS))[number]
    return np.asarray((clicks + LOOKS * of_query) / (looks + LOOKS))


def _graded(name: str, rows: Flags, grade: Floats) -> Yardstick:
    return Yardstick(name, rows, metrics.gains_of(grade[rows]), grade[rows] >= RELEVANT_GRADE)
