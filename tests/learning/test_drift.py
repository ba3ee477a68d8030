"""Drift: the index by its definition, what is called a change, and what a night compares with the champion's."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ranking.report.drift import drift as rendered
from ranking.training import drift
from tests.learning import made
from tests.learning.test_report import Page

GAIN = {"c_match": 0.6, "f_clicks": 0.4, "f_noise": 0.0}


def test_the_index_is_that_of_its_definition() -> None:
    """Two bins that exchange .5 and .5 for .7 and .3: .2 * ln(.7 / .5) + .2 * ln(.5 / .3)."""
    index, _ = drift.stability_index([500, 500], [700, 300])
    assert index == pytest.approx(0.2 * math.log(0.7 / 0.5) + 0.2 * math.log(0.5 / 0.3))
    assert index == pytest.approx(drift.stability_index([700, 300], [500, 500])[0]), "it is symmetric"
    assert drift.stability_index([5, 5], [50, 50])[0] == 0
    assert math.isfinite(drift.stability_index([100, 0, 3], [0, 100, 3])[0])


@pytest.mark.parametrize(
    ("index", "chance", "word"),
    [(0.09, 0.0, "steady"), (0.1, 0.0, "moderate"), (0.25, 0.0, "major"), (0.3, 0.31, "steady")],
)
def test_a_change_has_to_be_large_and_no_chance(index: float, chance: float, word: str) -> None:
    assert drift.judge(index, chance) == word


@pytest.mark.parametrize("rows", [60, 400, 5000])
def test_samples_of_the_same_distribution_raise_no_alarm(rows: int) -> None:
    rng = np.random.default_rng(4)
    words = []
    for _ in range(400):
        then = drift.distribution(rng.gamma(1.0, 1.0, rows))
        now = drift.distribution(rng.gamma(1.0, 1.0, rows), then["edges"])
        words.append(drift.judge(*drift.stability_index(then["counts"], now["counts"])))
    assert words.count("steady") >= 0.98 * len(words)


def test_deciles_hold_a_tenth_each_and_what_is_missing_is_a_bin() -> None:
    values = np.r_[np.arange(1000.0), np.full(200, np.nan)]
    found = drift.distribution(values)
    assert len(found["edges"]) == 9
    assert found["counts"] == [100] * 10 + [200]
    flat = drift.distribution(np.r_[np.zeros(900), np.arange(1.0, 101)])
    assert sum(flat["counts"]) == 1000
    assert flat["edges"] == [0.0, pytest.approx(1.0, abs=1.0)][: len(flat["edges"])]
    assert drift.distribution(np.full(5, np.nan)) == {"edges": [], "counts": [0, 5]}


def night(shift: float = 0.0, missing: float = 0.0, champion: Any = None, seed: int = 0) -> dict[str, Any]:
    """Return what a night's row says of drift. Its feature `c_match` is shifted, and a share of it is missing."""
    train, test = made.examples(queries=300, seed=seed), made.examples(queries=60, seed=seed + 50)
    assert isinstance(train.features, np.ndarray)
    features = train.features.copy()
    features[:, 0] += shift
    features[np.random.default_rng(1).random(len(train)) < missing, 0] = np.nan
    scores = {"ours": {"warm": test.grade}}
    if champion is not None:
        scores["champion"] = {"warm": test.grade + shift}
    found = drift.of_run(replace(train, features=features), GAIN, scores, champion or {})
    return json.loads(json.dumps(found))


def test_a_first_night_keeps_its_distributions_and_compares_nothing() -> None:
    found = night()
    assert found["drift"] is None
    assert list(found["distributions"]["features"]) == ["c_match", "f_clicks"], "features that the ranker uses"
    assert "No champion whose row keeps" in "".join(Page(rendered(found)).texts)
    assert night(champion={"format": 1})["drift"] is None, "a champion of an earlier version"


def test_a_steady_night_is_steady_and_a_shifted_feature_and_its_scores_are_named() -> None:
    champion = night()
    assert {each["change"] for each in night(champion=champion, seed=1)["drift"]} == {"steady"}
    moved = night(shift=2.0, champion=champion, seed=1)
    assert [(each["name"], each["change"]) for each in moved["drift"][:2]] == [("score", "major"), ("c_match", "major")]
    assert [drift.count_major(each["drift"]) for each in (champion, moved)] == [None, 2]
    page = Page(rendered(moved))
    assert any("the champion's scores, c_match changed." in text for text in page.texts)
    assert "Alarm:" in page.texts


def test_a_feature_that_stops_is_found_by_its_missing_values() -> None:
    first = night(missing=0.5, champion=night(), seed=1)["drift"][0]
    assert (first["name"], first["change"], first["missing_then"]) == ("c_match", "major", 0.0)
    assert first["missing_now"] == pytest.approx(0.5, abs=0.03)


def test_a_row_of_an_earlier_version_has_no_such_section_and_names_are_text() -> None:
    assert rendered({"format": 1}) == ""
    evil = {"kind": "feature", "name": "<b>", "index": 0.4, "change": "major", "missing_then": 0.0, "missing_now": 0.0}
    page = Page(rendered({"drift": [evil]}))
    assert "b" not in page.tags
    assert "<b>" in page.texts
