"""A world is made by name and by options, its parameters lie beside its logs, and graded pairs are chosen as asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infra.demo.grading import REPEATED_GRADES, draw_grades
from infra.demo.options import NO_DRIFT, OPTIONS, WORLDS, arguments_of
from infra.demo.parameters import CHOICES, Parameters, WorldError
from infra.demo.shop import HUMAN, Shop, open_shop
from infra.demo.state import load_world
from infra.demo.visits import draw_requests
from infra.demo.world import main
from tests.conftest import CHECKOUT

DAY = "2026-02-01"
SMALL: dict[str, Any] = {"first_day": DAY, "scale": 0.3, "grades": 200}


def shop_of(**changes: Any) -> Shop:
    """The shop of a small world with some parameters changed."""
    return open_shop(Parameters(**{**SMALL, **changes}))


def graded(**changes: Any) -> np.ndarray:
    """The different graded pairs of a small world."""
    shop = shop_of(**changes)
    return np.unique(draw_grades(shop)[0])


def test_variables_of_make_world_stand_for_its_arguments() -> None:
    assert arguments_of({}) == ["extend"]
    assert arguments_of({"DAYS": "3", "SCALE": ""}) == ["extend", "--days", "3"]
    given = {"WORLD": "hard", "DAYS": "3", "SWAPS": "0.1", "ETA_AFTER": "0.5,0.6", "HOME": "/x"}
    assert arguments_of(given) == ["make", "--days", "3", "--world", "hard", "--eta-after", "0.5,0.6", "--swaps", "0.1"]


def test_every_option_reaches_the_stored_parameters(tmp_path: Path) -> None:
    asked = {
        "scale": "0.05", "seed": "9", "policy": "stuck", "sessions": "250", "queries": "400", "cold": "0.2",
        "eta": "0.5,0.7", "eta-after": "0.6,0.8", "drift": "never", "swaps": "0.1", "trust": "0.3",
        "clickbait": "usual", "bait": "0.4", "lateness": "0", "bots": "0", "grades": "150", "choice": "pooled",
        "flips": "0.2",
    }  # fmt: skip
    assert set(asked) == {option.name for option in OPTIONS}
    arguments = [part for name, value in asked.items() for part in (f"--{name}", value)]
    assert main(["make", "--home", str(tmp_path), "--days", "1", "--world", "hard", *arguments]) == 0
    stored = json.loads((tmp_path / "truth" / "world.json").read_text())["parameters"]
    assert stored | {
        "scale": 0.05, "seed": 9, "policy": "stuck", "requests_a_day": 400, "base_queries": 400, "cold_queries": 0.2,
        "eta": [0.5, 0.7], "eta_after_drift": [0.6, 0.8], "drift_day": NO_DRIFT, "exchange": 0.1, "trust_bias": 0.3,
        "clickbait": "usual", "clickbait_sigma": 0.4, "clickbait_dwell": 0.0, "outages_a_day": 0.0, "odd_clients": 0.0,
        "grades": 150, "grade_choice": "pooled", "grade_flips": 0.2,
    } == stored  # fmt: skip
    found = load_world(tmp_path)
    assert found is not None
    assert (open_shop(found.parameters).clients.kind == HUMAN).all()


@pytest.mark.parametrize(("name", "moved"), [("easy", (0.9, 1.0)), ("plain", (0.01, 0.04)), ("stuck", (0.0, 0.0))])
def test_named_worlds_differ_in_how_often_the_order_changes(name: str, moved: tuple[float, float]) -> None:
    shop = shop_of(**WORLDS[name], requests_a_day=3000)
    requests = draw_requests(shop, 0)
    usual = shop.ranked_pairs(0)[requests.query][:, :10]
    share = (requests.shown != usual)[requests.in_engine_order].any(axis=1).mean()
    assert moved[0] <= share <= moved[1]


def test_in_the_hard_world_an_attribute_causes_clickbait() -> None:
    for name, least, most in (("plain", -0.1, 0.1), ("hard", 0.6, 0.8)):
        shop = shop_of(**WORLDS[name])
        flashy, bait = shop.items.flashy[shop.pairs.item], np.log(shop.pairs.clickbait)
        assert least < np.corrcoef(flashy, bait)[0, 1] < most


@pytest.mark.parametrize("choice", CHOICES)
def test_a_choice_grades_the_wanted_number_of_different_pairs(choice: str) -> None:
    assert graded(grade_choice=choice).size == round(SMALL["grades"] * (1 - REPEATED_GRADES))


def test_choices_grade_what_their_names_say() -> None:
    shop = shop_of()
    place = np.full(shop.pairs.grade.size, 99)
    ranked = shop.ranked_pairs(0)
    rows, columns = np.nonzero(ranked >= 0)
    place[ranked[rows, columns]] = columns
    weight = shop.query_weights(0)[shop.pairs.query]
    found = {choice: graded(grade_choice=choice) for choice in CHOICES}
    assert {c: bool((place[rows] < 10).all()) for c, rows in found.items()} == {
        "random": False, "queries": False, "pooled": True, "head": True, "most_clicked": True,
    }  # fmt: skip
    whole = [np.unique(shop.pairs.query[found[c]]).size for c in ("queries", "pooled", "random")]
    assert whole[0] < whole[1] < whole[2]
    head, usual = weight[found["head"]].mean(), weight[found["pooled"]].mean()
    assert head > 2 * usual
    assert shop.pairs.grade[found["most_clicked"]].mean() > shop.pairs.grade[found["head"]].mean() + 0.3


def test_only_gradable_pairs_are_graded() -> None:
    shop = shop_of()
    even = np.arange(shop.pairs.grade.size) % 2 == 0
    pairs, grades = draw_grades(shop, even)
    assert even[pairs].all()
    assert grades.size == pairs.size == SMALL["grades"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"grade_choice": "best"}, "grade_choice 'best' is unknown; choose one of random"),
        ({"exchange": 1.5}, "exchange 1.5 is outside 0 to 1; choose a value in this range"),
        ({"eta": (0.5, 9.0)}, "eta 9.0 is outside 0 to 3"),
        ({"eta": (0.5,)}, "eta needs 2 numbers, for desktop and phone"),
        ({"grades": -1}, "grades -1 is outside 0 to 1e"),
    ],
)
def test_a_value_that_makes_no_world_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(WorldError, match=says):
        replace(Parameters(DAY), **changes)


def test_no_module_of_the_pipeline_reads_the_truth() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in (CHECKOUT / "jobs").rglob("*.py")}
    assert len(sources) > 100
    assert not [path for path, text in sources.items() if '"truth"' in text or "infra.demo" in text]
