"""Sources of grades: how noisy and how strict each one is, and what their grades are worth together."""

from __future__ import annotations

import numpy as np
import pytest

from ranking.labels import calibration, graders
from ranking.labels.graders import BySource, Noise, fit_noise
from ranking.labels.pairs import Grading
from tests.learning.test_calibration import STRENGTH, world

MACHINES = frozenset({"llm"})


def entries(*parts: tuple[str, np.ndarray, np.ndarray]) -> BySource:
    """One grade of each pair by each source: its name, the pairs, and their grades."""
    names = np.concatenate([np.full(len(pairs), name) for name, pairs, _ in parts])
    pair, mean = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
    return BySource(pair.astype(np.int64), names, mean.astype(float), np.ones(len(pair)), np.zeros(len(pair)))


def made(size: int, seed: int = 1) -> tuple[np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return rng.uniform(1, 3, size), rng


def test_known_answer_a_source_that_repeats_its_grades_shows_its_noise() -> None:
    spread, count = np.tile([0.0, 8.0, 0.0, 0.5], 20), np.tile([1.0, 2.0, 2.0, 2.0], 20)
    source = np.full(80, "people")
    noisy = fit_noise(BySource(np.arange(80), source, np.full(80, 2.0), count, spread), MACHINES)
    exact = fit_noise(BySource(np.arange(80), source, np.full(80, 2.0), count, np.zeros(80)), MACHINES)
    alone = fit_noise(BySource(np.arange(5), source[:5], np.full(5, 2.0), np.ones(5), np.zeros(5)), MACHINES)
    assert noisy.variance["people"] == pytest.approx((20 * 8.5 + 2.5) / 70)
    assert exact.variance["people"] == pytest.approx(2.5 / 70)
    assert alone == Noise({"people": graders.USUAL_VARIANCE}, {"people": 0.0})
    assert fit_noise(alone_by("llm"), MACHINES).variance == {"llm": graders.MACHINE_VARIANCE}
    assert fit_noise(alone_by("llm").take(np.zeros(5, dtype=np.bool_)), MACHINES) == Noise()


def alone_by(name: str) -> BySource:
    return entries((name, np.arange(5), np.full(5, 2.0)))


def test_sources_that_share_pairs_are_told_apart_by_an_estimate_that_knows_neither() -> None:
    true, rng = made(3_000)
    first, second = np.arange(0, 2_000), np.arange(1_000, 3_000)
    graded = entries(
        ("people", first, true[first] + rng.normal(0, 0.4, first.size)),
        ("llm", second, true[second] + 0.7 + rng.normal(0, 1.0, second.size)),
    )
    estimate = (true + rng.normal(0, 0.8, true.size))[graded.pair]
    found = fit_noise(graded, MACHINES, estimate)
    assert found.variance["people"] == pytest.approx(0.16, abs=0.06)
    assert found.variance["llm"] == pytest.approx(1.0, abs=0.12)
    assert found.bias["people"] == 0.0
    assert found.bias["llm"] == pytest.approx(0.7, abs=0.08)
    unaided = fit_noise(graded, MACHINES)
    assert sum(unaided.variance.values()) == pytest.approx(1.16, abs=0.12), "the sum is known from shared pairs alone"


def test_a_program_is_the_reference_only_if_no_people_graded() -> None:
    pairs = np.arange(400)
    low, high = np.full(400, 1.0), np.full(400, 2.0)
    beside = fit_noise(entries(("llm", pairs, high), ("people", pairs[:100], low[:100])), MACHINES)
    assert beside.bias == pytest.approx({"llm": 100 / 110, "people": 0.0})
    only = fit_noise(entries(("llm", pairs, high), ("other", pairs[:100], low[:100])), MACHINES | {"other"})
    assert only.bias == pytest.approx({"llm": 0.0, "other": -100 / 110})


def test_known_answer_grades_are_merged_by_their_precision_and_without_their_bias() -> None:
    graded = entries(("people", np.array([0]), np.array([3.0])), ("llm", np.array([0, 2]), np.array([1.5, 4.0])))
    mean, precision = Noise({"people": 0.25, "llm": 1.0}, {"llm": 0.5}).merge(graded, 3)
    assert mean[[0, 2]] == pytest.approx([(3 * 4 + 1) / 5, 3.5])
    assert precision.tolist() == [5.0, 0.0, 1.0]
    assert np.isnan(mean[1])


def test_a_noisy_source_beside_people_hurts_less_than_if_all_grades_weighed_alike() -> None:
    pairs, true = world()
    rng = np.random.default_rng(9)
    people, llm = rng.choice(true.size, 250, replace=False), rng.choice(true.size, 900, replace=False)
    careless = np.where(rng.random(llm.size) < 0.6, rng.integers(0, 5, llm.size), true[llm])
    graded = entries(("llm", llm, careless), ("people", people, true[people]))
    everything = np.ones(true.size, dtype=np.bool_)
    grading = Grading(graded, np.ones(true.size), everything)
    found, noise = calibration.fit_by_source(pairs, grading, MACHINES, 50, STRENGTH)
    alike = calibration.fit(pairs, grading.with_noise(Noise()), 50, STRENGTH)
    assert noise.variance["llm"] > 2 * noise.variance["people"]

    def error(which: object, by: Noise) -> float:
        given, estimate = grading.with_noise(by), which.estimate(pairs)  # type: ignore[attr-defined]
        total = given.precision + estimate.precision
        label = (given.precision * np.nan_to_num(given.mean) + estimate.precision * estimate.grade) / total
        return float(np.mean((label - true) ** 2))

    assert error(found, noise) < 0.85 * error(alike, Noise())


def test_grades_of_exam_queries_say_nothing_about_a_source() -> None:
    pairs, true = world()
    rng = np.random.default_rng(2)
    rows = rng.choice(true.size, 600, replace=False)
    allowed = pairs.query % 5 != 0
    graded = entries(("people", rows, true[rows]))
    wrong = entries(("people", rows, np.where(allowed[rows], true[rows], 4 - true[rows])))
    weight = np.ones(true.size)
    one, two = (
        calibration.fit_by_source(pairs, Grading(each, weight, allowed), MACHINES, 50, STRENGTH)
        for each in (graded, wrong)
    )
    assert one[1] == two[1]
    assert np.array_equal(one[0].estimate(pairs).grade, two[0].estimate(pairs).grade)


def test_rarely_chosen_pairs_weigh_more_within_bounds() -> None:
    rng = np.random.default_rng(4)
    column = rng.normal(size=(4_000, 1))
    graded = rng.random(4_000) < 1 / (1 + np.exp(2 - 2 * column[:, 0]))
    weight = graders.chance_weights(graded, column, np.ones(int(graded.sum())))
    order = np.argsort(column[graded, 0])
    assert weight[order[:100]].mean() > 3 * weight[order[-100:]].mean()
    assert weight.mean() == pytest.approx(1.0)
    assert weight.max() / weight.min() <= graders.WEIGHT_BOUNDS[1] / graders.WEIGHT_BOUNDS[0] * 1.0001
    given = np.linspace(1, 3, int(graded.sum()))
    assert graders.chance_weights(graded, column, given) == pytest.approx(given / given.mean())
