"""What to expect online: known answers of the formulas, and clicks that are foreseen in a world of known truth."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from ranking.report.online import curve_of, expected_of, online
from ranking.training import placed_rates
from ranking.training.examination import Examination
from ranking.training.findings import of_run
from ranking.training.matrices import Examples, Floats
from ranking.training.online import Belief, sample_size, share_with_any
from tests.learning import made
from tests.learning.test_report import Page


@pytest.mark.parametrize(
    ("one", "other", "power", "size"),
    [
        (0.50, 0.75, 0.9, 77),  # R, help(power.prop.test): n = 76.7
        (0.20, 0.25, 0.8, 1094),  # R, power.prop.test: n = 1093.739
        (0.25, 0.40, 0.8, 152),  # Fleiss, Levin and Paik, without continuity correction
    ],
)
def test_sample_sizes_are_those_of_the_books(one: float, other: float, power: float, size: int) -> None:
    assert sample_size(one, other, power) == size
    assert sample_size(other, one, power) == size


def test_no_sample_tells_equal_shares_apart() -> None:
    assert sample_size(0.3, 0.3) is None
    assert sample_size(0.3, 1.2) is None
    assert sample_size(0.0, 0.3) is None


def test_a_test_of_that_size_finds_the_difference_as_often_as_the_power_says() -> None:
    rng, size = np.random.default_rng(1), sample_size(0.2, 0.25)
    assert size is not None
    one, other = (rng.binomial(size, share, 20_000) / size for share in (0.2, 0.25))
    mean = (one + other) / 2
    found = np.abs(other - one) / np.sqrt(2 * mean * (1 - mean) / size) > stats.norm.ppf(0.975)
    assert found.mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(("steps", "loss"), [(0.0, 0.3989), (0.5, 0.1978), (1.0, 0.0833), (2.0, 0.0085)])
def test_the_expected_loss_is_the_unit_normal_loss_of_the_tables(steps: float, loss: float) -> None:
    """Raiffa and Schlaifer (1961), table II."""
    assert Belief(steps, 1.0).loss_of_shipping == pytest.approx(loss, abs=5e-5)
    assert Belief(-0.02 * steps, 0.02).loss_of_keeping == pytest.approx(0.02 * loss, abs=1e-6)


def test_the_expected_loss_is_the_integral_that_it_stands_for() -> None:
    belief = Belief(0.004, 0.01)
    density = stats.norm(0.004, 0.01).pdf
    loss, _ = integrate.quad(lambda difference: -difference * density(difference), -0.2, 0)
    assert belief.loss_of_shipping == pytest.approx(loss, rel=1e-6)
    assert belief.loss_of_keeping == pytest.approx(belief.loss_of_shipping + 0.004), "they differ by the mean"
    assert belief.is_better == pytest.approx(float(stats.norm.cdf(0.4)))


def test_a_difference_without_error_loses_itself_or_nothing() -> None:
    assert (Belief(-0.1, 0.0).loss_of_shipping, Belief(-0.1, 0.0).is_better) == (0.1, 0.0)
    assert (Belief(0.1, 0.0).loss_of_shipping, Belief(0.1, 0.0).loss_of_keeping) == (0.0, 0.1)


CURVE = [place**-0.7 for place in range(1, 21)]


def world(queries: int, searches: int, seed: int = 3) -> tuple[Examples, Floats]:
    """Return lists that were searched in the order of their rows, with clicks by the position model; and the rates."""
    rng = np.random.default_rng(seed)
    rows = made.examples(queries=queries, items=10)
    rate = rng.beta(1, 6, len(rows))
    looks = searches * np.tile(CURVE[:10], queries)
    clicks = rng.poisson(looks * rate)
    return replace(rows, evidence=np.full(len(rows), searches), examination=looks, long_clicks=clicks), rate


def clicks_of(rate: Floats, scores: Floats) -> float:
    """Return the true long clicks per search by an order."""
    order = np.argsort(-scores.reshape(-1, 10), axis=1)
    return float((np.take_along_axis(rate.reshape(-1, 10), order, axis=1) * CURVE[:10]).sum(axis=1).mean())


def test_clicks_of_the_shown_order_and_of_another_are_foreseen() -> None:
    test, rate = world(400, 2000)
    shown, better = -np.tile(np.arange(10.0), 400), rate + np.random.default_rng(1).normal(0, 0.1, len(rate))
    found = placed_rates.placed_rates(test, better, shown)
    assert [(each["application"], each["searches_a_day"]) for each in found] == [("shop", round(400 * 2000 / 14, 3))]
    ours, theirs, _ = placed_rates.expect(found[0], CURVE)
    assert theirs == pytest.approx(test.long_clicks.sum() / (400 * 2000), rel=0.01)
    assert theirs == pytest.approx(clicks_of(rate, shown), rel=0.01)
    assert ours == pytest.approx(clicks_of(rate, better), rel=0.01)
    assert ours > 1.2 * theirs


def test_places_that_searches_do_not_show_get_no_clicks() -> None:
    """Half of the searches show six items and half show eight, of ten."""
    full, rate = world(400, 2000)
    place = np.tile(np.arange(10), 400)
    share = np.where(place < 6, 1.0, np.where(place < 8, 0.5, 0.0))
    clicks = np.random.default_rng(2).poisson(share * full.examination * rate)
    shown = (share * full.evidence).astype(np.int64)
    test = replace(full, evidence=shown, examination=share * full.examination, long_clicks=clicks)
    found = placed_rates.placed_rates(test, rate, -place.astype(float))[0]
    _, theirs, _ = placed_rates.expect(found, CURVE)
    assert found["seen"] == pytest.approx(test.long_clicks.sum() / (400 * 2000), rel=1e-6)
    assert theirs == pytest.approx(found["seen"], rel=0.02)


def test_the_error_of_the_difference_is_that_of_other_queries() -> None:
    """The difference of two orders that know nothing, over many draws of the queries."""
    seen, errors = [], []
    for seed in range(120):
        test, _ = world(60, 500, seed)
        one, other = np.random.default_rng(1000 + seed).random((2, len(test)))
        ours, theirs, error = placed_rates.expect(placed_rates.placed_rates(test, one, other)[0], CURVE)
        seen.append(ours - theirs)
        errors.append(error)
    assert np.std(seen) == pytest.approx(np.mean(errors), rel=0.2)


def test_equal_orders_do_not_differ_and_what_was_never_searched_says_nothing() -> None:
    test, rate = world(10, 50)
    assert placed_rates.expect(placed_rates.placed_rates(test, rate, rate)[0], CURVE)[2] == 0.0
    still = replace(test, evidence=np.zeros(len(test), dtype=np.int64))
    assert placed_rates.placed_rates(still, rate, rate) == []
    one = replace(test, evidence=np.where(test.group == 0, 9, 0))
    assert placed_rates.placed_rates(one, rate, -rate) == [], "one query has no error"


def told(**more: Any) -> dict[str, Any]:
    test, rate = world(100, 300)
    scores = {"ours": {"warm": rate}, "champion": {"warm": -np.tile(np.arange(10.0), 100)}}
    return of_run(Examination(test, scores, {}, True), "behaviour", 20) | more


def curve(source: str, eta: float) -> list[dict[str, Any]]:
    return [{"application": "shop", "device": "all", "position": place, "propensity": place**-eta, "source": source,
             "day": "2026-04-12"} for place in range(1, 21)]  # fmt: skip


def test_the_curve_is_the_known_one_and_assumed_without_it() -> None:
    known, source = curve_of("shop", curve("harvested", 1.0))
    assert (known[1], source) == (0.5, "harvested, of 2026-04-12")
    assert curve_of("help", curve("harvested", 1.0)) == (CURVE, "assumed, k^-0.7 at place k")
    assert curve_of("shop", curve("harvested", 1.0)[:5])[1].startswith("assumed")


def test_applications_count_by_their_searches() -> None:
    one = told()["online"]["applications"][0]
    other = one | {"application": "help", "searches_a_day": 3 * one["searches_a_day"], "ours": one["theirs"]}
    alone, both = expected_of([one], []), expected_of([one, other], [])
    assert both.searches_a_day == 4 * alone.searches_a_day
    assert both.difference.mean == pytest.approx(alone.difference.mean / 4)
    assert both.difference.error == pytest.approx(alone.difference.error * np.sqrt(1 + 9) / 4)


def test_the_page_says_what_to_expect_and_how_long_a_test_takes() -> None:
    found = told()
    expected = expected_of(found["online"]["applications"], [])
    one, other = (share_with_any(clicks) for clicks in (expected.theirs, expected.ours))
    decided = {"gate": {"difference": {"mean": 0.01, "low": -0.01, "high": 0.03, "count": 4000}}}
    page = Page(online(found | decided, curve("harvested", 0.7)))
    size = sample_size(one, other)
    assert size is not None
    assert {f"{expected.ours:.4f} per search", f"{size:,}", "over 99%", "harvested, of 2026-04-12"} <= set(page.texts)
    assert f"{int(np.ceil(2 * size / (100 * 300 / 14)))}" in page.texts
    assert "+1%" in page.texts
    loss = Belief(0.01, 0.02 / 1.96).loss_of_shipping
    assert f"{loss:.5f} nDCG@10, expected" in page.texts


def test_a_row_without_searches_or_of_an_earlier_version_has_no_such_section() -> None:
    assert online({"format": 1}, []) == ""
    assert online({"online": {"rival": "champion", "applications": []}}, []) == ""
