"""Calibrators: what they learn from grades, content and traffic, and what they must not see."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ranking.labels import bags, calibration, clusters, graders, priors, signals
from ranking.labels.bags import Growth
from ranking.labels.calibrators import Fixed, Graded, Proxy
from ranking.labels.pairs import Grades, Pairs

QUERIES, ITEMS = 120, 12
STRENGTH = 30.0


def world(seed: int = 1, looks: float = 60.0) -> tuple[Pairs, np.ndarray]:
    """Pairs whose first content feature tells half of the grade, and whose traffic tells the rest; and their grades.

    The last third of each query's items was never shown.
    """
    rng = np.random.default_rng(seed)
    query = np.repeat(np.arange(QUERIES), ITEMS)
    content = rng.normal(size=(query.size, 3))
    grade = np.clip(np.round(1.5 + content[:, 0] + rng.normal(0, 0.7, query.size)), 0, 4)
    shown = np.where(np.tile(np.arange(ITEMS), QUERIES) < 2 * ITEMS // 3, rng.poisson(looks, query.size), 0.0)
    clicks = rng.binomial(shown.astype(int), np.array([0.06, 0.12, 0.22, 0.4, 0.7])[grade.astype(int)]).astype(float)
    long_clicks = rng.binomial(clicks.astype(int), np.array([0.2, 0.3, 0.5, 0.7, 0.8])[grade.astype(int)]).astype(float)
    pair = {name: np.zeros(query.size) for name in signals.COUNTS}
    pair |= {
        "impressions": shown,
        "clicks": clicks,
        "long_clicks": long_clicks,
        "examination": shown,
        "places": shown,
        "ripe_examination": shown,
    }
    of_query = {name: np.bincount(query, values)[query].astype(np.float64) for name, values in pair.items()}
    cut = {name: float(values.sum()) for name, values in pair.items()}
    overall = cut["long_clicks"] / cut["examination"]
    return Pairs(
        signals=signals.signals(pair, of_query, cut), content=content, query=query, fold=query % clusters.FOLDS,
        impressions=shown, examination=shown, long_clicks=long_clicks, query_impressions=of_query["impressions"],
        rate=signals.smoothed(long_clicks, shown, overall, STRENGTH), overall_rate=overall,
    ), grade  # fmt: skip


def grades(true: np.ndarray, rows: np.ndarray, allowed: np.ndarray | None = None) -> Grades:
    """One grade of each chosen pair."""
    mean = np.full(true.size, np.nan)
    mean[rows] = true[rows]
    count = np.zeros(true.size)
    count[rows] = 1
    everything = np.ones(true.size, dtype=bool)
    weight = np.ones(true.size)
    precision = count / graders.USUAL_VARIANCE
    return Grades(mean, precision, count, weight, everything if allowed is None else allowed)


def drawn(count: int, seed: int = 3) -> np.ndarray:
    """Random pairs."""
    return np.random.default_rng(seed).choice(QUERIES * ITEMS, count, replace=False)


def test_known_answer_a_graded_calibrator_is_closer_to_the_truth_than_traffic_or_content_alone() -> None:
    pairs, true = world()
    found = calibration.fit(pairs, grades(true, drawn(300)), 50, STRENGTH)
    assert isinstance(found, Graded)
    assert found.version == "bag-1, grades=300"
    estimate = found.estimate(pairs)
    warm = pairs.warm
    error = {True: 0.0, False: 0.0}
    for kind in error:
        error[kind] = float(np.mean((estimate.grade - true)[warm == kind] ** 2))
    by_content = np.var(true - 1.5 - pairs.content[:, 0])
    assert error[True] < 0.75 * by_content
    assert error[False] < 1.3 * by_content < 0.8 * float(np.var(true))
    assert estimate.precision[warm].mean() > estimate.precision[~warm].mean()
    bins = np.array_split(np.argsort(estimate.grade), 5)
    assert max(abs(float((true - estimate.grade)[rows].mean())) for rows in bins) < 0.3


def test_without_grades_content_and_long_clicks_estimate_together() -> None:
    pairs, true = world()
    found = calibration.fit(pairs, grades(true, drawn(10)), 50, STRENGTH)
    assert isinstance(found, Proxy)
    assert found.version == "prior-1"
    estimate = found.estimate(pairs)
    fixed = Fixed(STRENGTH).estimate(pairs)
    assert np.corrcoef(estimate.grade, true)[0, 1] > np.corrcoef(fixed.grade, true)[0, 1] + 0.1
    assert np.corrcoef(estimate.grade[~pairs.warm], true[~pairs.warm])[0, 1] > 0.6
    assert estimate.extrapolated.all()


def test_little_traffic_without_grades_uses_the_fixed_map() -> None:
    pairs, true = world(looks=1.0)
    found = calibration.fit(pairs, grades(true, drawn(10)), 50, STRENGTH)
    assert isinstance(found, Fixed)
    unknown = found.estimate(pairs).precision[pairs.impressions == 0]
    assert (unknown == 0).all()


def test_grades_of_exam_queries_change_nothing() -> None:
    pairs, true = world()
    allowed = pairs.query % 5 != 0
    given = grades(true, drawn(300), allowed)
    other = dataclasses.replace(given, mean=np.where(allowed, given.mean, 4 - given.mean))
    one, two = (calibration.fit(pairs, each, 50, STRENGTH).estimate(pairs) for each in (given, other))
    assert np.array_equal(one.grade, two.grade)
    assert np.array_equal(one.precision, two.precision)


def test_a_pair_is_estimated_alike_alone_and_among_others() -> None:
    pairs, true = world()
    for count in (300, 10):
        found = calibration.fit(pairs, grades(true, drawn(count)), 50, STRENGTH)
        rows = np.arange(100, 130)
        values = {field.name: getattr(pairs, field.name) for field in dataclasses.fields(pairs)}
        arrays: dict[str, Any] = {name: value[rows] for name, value in values.items() if isinstance(value, np.ndarray)}
        part = dataclasses.replace(pairs, **arrays)
        assert np.array_equal(found.estimate(part).grade, found.estimate(pairs).grade[rows])


def test_a_tree_predicts_out_of_bag_only_queries_that_it_has_not_seen() -> None:
    query = np.repeat(np.arange(40), 10)
    noise = np.random.default_rng(5).normal(size=40)
    columns, target = query[:, None].astype(float), noise[query]
    bag = bags.grow(columns, target, np.ones(400), query, Growth(30, 40, 1, 1.0), 1)
    assert np.corrcoef(bag.predict(columns), target)[0, 1] > 0.9
    assert abs(float(np.corrcoef(bag.out_of_bag, target)[0, 1])) < 0.5
    again = bags.grow(columns, target, np.ones(400), query, Growth(30, 40, 1, 1.0), 1)
    assert np.array_equal(bag.predict(columns), again.predict(columns))


def test_the_prior_of_a_query_never_saw_its_cluster() -> None:
    pairs, _ = world()
    target = np.where(pairs.fold == 2, 100.0, 1.0)
    names = pairs.fold[:, None].astype(float)  # a feature by which a model could remember the cluster
    found = priors.fit(names, pairs.query, pairs.fold, lambda _: (target, np.ones(target.size)), 1)
    assert found.predict(names, pairs.fold)[pairs.fold == 2].max() < 2
    unknown = found.predict(names, np.full(target.size, priors.UNKNOWN))
    assert unknown[pairs.fold == 2].mean() > 50


def test_queries_with_the_same_words_or_items_share_a_fold() -> None:
    texts = {
        "red shoes": ["a", "b"], "shoes red": ["x", "y"], "sneakers": ["a", "b", "c", "d"], "lamp": ["l", "a", "m"],
    }  # fmt: skip
    rows = [(query, item) for query, items in texts.items() for item in items]
    found = clusters.folds([query for query, _ in rows], [item for _, item in rows])
    assert found["red shoes"] == found["shoes red"] == found["sneakers"]
    assert set(found.values()) <= set(range(clusters.FOLDS))
    many = clusters.folds([f"query {n}" for n in range(200)], [f"item {n}" for n in range(200)])
    assert len(set(many.values())) == clusters.FOLDS


def test_pairs_with_few_impressions_have_no_signals() -> None:
    pairs, _ = world(looks=float(signals.ENOUGH))
    few = pairs.impressions < signals.ENOUGH
    assert 0.1 < few.mean() < 0.9
    assert np.isnan(pairs.signals[few]).all()
    assert not np.isnan(pairs.signals[~few]).any()
