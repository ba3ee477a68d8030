"""Metrics against values computed by hand."""

import math

import numpy as np
import pytest

from ranking.training import metrics

GROUP = np.array([1, 1, 1, 2, 2, 3])
SCORES = np.array([0.9, 0.5, 0.1, 0.2, 0.8, 0.4])
GAINS = np.array([0.0, 3.0, 1.0, 1.0, 0.0, 0.0])


def test_ndcg_follows_its_definition_and_skips_lists_without_a_gain() -> None:
    first = (3 / math.log2(3) + 1 / math.log2(4)) / (3 + 1 / math.log2(3))
    values = metrics.ndcg(SCORES, GAINS, GROUP, 10)
    assert values[:2] == pytest.approx([first, 1 / math.log2(3)])
    assert math.isnan(values[2])


def test_ndcg_counts_only_the_first_places() -> None:
    assert metrics.ndcg(SCORES, GAINS, GROUP, 1)[:2].tolist() == [0.0, 0.0]
    assert metrics.ndcg(GAINS, GAINS, GROUP, 1)[:2].tolist() == [1.0, 1.0]


def test_average_precision_and_reciprocal_rank() -> None:
    relevant = GAINS > 0
    precision = metrics.average_precision(SCORES, relevant, GROUP)
    assert precision[:2] == pytest.approx([(1 / 2 + 2 / 3) / 2, 1 / 2])
    assert metrics.reciprocal_rank(SCORES, relevant, GROUP)[:2].tolist() == [0.5, 0.5]
    assert np.isnan(precision[2])


def test_gain_of_a_grade_is_two_to_it_less_one() -> None:
    assert metrics.gains_of(np.array([0.0, 1.0, 4.0])).tolist() == [0.0, 1.0, 15.0]


def test_an_interval_is_the_same_for_the_same_seed_and_holds_the_mean() -> None:
    values = np.random.default_rng(0).normal(0.6, 0.1, 200)
    found = metrics.interval(np.r_[values, np.nan], seed=1)
    assert found == metrics.interval(values, seed=1)
    assert found.low < found.mean < found.high
    half = 1.96 * values.std() / math.sqrt(200)
    assert found.high - found.mean == pytest.approx(half, rel=0.2)


def test_no_query_gives_no_figure() -> None:
    assert metrics.interval(np.array([np.nan]), seed=1).count == 0
    assert metrics.summarise({"map": np.array([np.nan])}, seed=1) == {"map": None}
