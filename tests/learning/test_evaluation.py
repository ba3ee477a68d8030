"""Yardsticks and views: which rows and features they use."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ranking.labels.splits import bucket_of
from ranking.training import evaluation, learner, recipe
from tests.learning import made

RECIPE = recipe.Recipe(rounds=20, unwatched_rounds=20, min_rows_in_leaf=5)


@pytest.fixture(scope="module")
def model() -> Any:
    found = learner.train(made.examples(), made.examples(seed=1), RECIPE)
    return learner.load_model(found.artifact, found.sha256, found.names)


def test_cold_uses_no_behaviour_and_mixed_none_of_new_items(model: Any) -> None:
    rows = made.examples(seed=4)
    changed = made.matrix(rows).copy()
    changed[:, rows.behaviour] += 3
    other = replace(rows, features=changed)
    one, two = evaluation.model_scores(model, rows), evaluation.model_scores(model, other)
    assert np.array_equal(one["cold"], two["cold"])
    new = np.array([bucket_of(f"new {item}") < evaluation.NEW_SHARE for item in rows.item_id])
    assert 0 < new.sum() < len(new)
    assert np.array_equal(one["mixed"][new], one["cold"][new])
    assert np.array_equal(one["mixed"][~new], one["warm"][~new])


def test_the_exam_yardstick_knows_only_human_grades_of_exam_queries() -> None:
    rows = made.examples(queries=10)
    grades = {("shop", f"query {number}", "i1"): 3.0 for number in range(10)}
    exam = evaluation.yardsticks(rows, grades)["exam"]
    assert set(rows.query[exam.rows]) == {"query 0", "query 5"}
    assert exam.gains.tolist() == [7.0, 7.0]


def test_behaviour_judges_only_what_was_shown_and_is_blind_to_labels() -> None:
    rows = made.examples()
    unseen = replace(rows, evidence=np.where(np.arange(len(rows)) % 2, 20, 0))
    relabelled = replace(unseen, grade=rows.grade[::-1].copy())
    one, two = (evaluation.yardsticks(examples, {})["behaviour"] for examples in (unseen, relabelled))
    assert one.rows.sum() == len(rows) / 2
    assert np.array_equal(one.gains, two.gains)


def test_the_logged_order_ranks_by_position_and_puts_the_unseen_last() -> None:
    rows = made.examples(queries=1, items=3)
    made.matrix(rows)[:, 3] = [2.0, np.nan, 1.0]
    scores = evaluation.baseline_scores(rows, "f_position_mean_28", "f_absent")
    assert np.argsort(-scores["logged_order"]["warm"]).tolist() == [2, 0, 1]
    assert "popularity" not in scores


def test_without_any_position_there_is_no_logged_order_to_compare_with() -> None:
    rows = made.examples(queries=1, items=3)
    made.matrix(rows)[:, 3] = np.nan
    assert evaluation.baseline_scores(rows, "f_position_mean_28", "f_clicks").keys() == {"popularity"}


def test_behaviour_does_not_favour_the_order_that_was_shown() -> None:
    """What is good does not depend on the shown place, but what is examined does. Neither order is then better."""
    rng = np.random.default_rng(3)
    rows = made.examples(queries=800, items=10)
    place = np.arange(len(rows)) % 10
    examination = 6.0 / (1 + place)
    clicks = rng.poisson(examination * rng.gamma(1.0, 0.2, len(rows)))
    shown = replace(rows, examination=examination, long_clicks=clicks, evidence=np.full(len(rows), 6))
    found = evaluation.yardsticks(shown, {})["behaviour"]
    assert found.rows.sum() < len(rows), "a list without a long click judges nothing"
    one, other = (
        evaluation.per_query(found, shown, scores)["ndcg@10"]
        for scores in (-place.astype(float), rng.random(len(rows)))
    )
    assert abs(float(np.nanmean(one - other))) < 0.02


def test_an_item_that_was_hardly_examined_counts_as_usual_for_its_query() -> None:
    rows = made.examples(queries=1, items=3)
    shown = replace(rows, examination=np.array([0.1, 40.0, 40.0]), long_clicks=np.array([0, 20, 4]))
    unknown, good, poor = evaluation.yardsticks(shown, {})["behaviour"].gains
    assert poor < unknown < good
