"""The propensity curve from exchanged positions: it finds a known curve, within its interval. Needs no Spark."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ranking.propensity import harvesting, positions

TRUTH = np.array(positions.MIDDLES) ** -1.1


def world(units: int, seed: int = 3) -> pd.DataFrame:
    """Return units shown 200 times at one position and 40 times at another, clicked by attraction x propensity."""
    dice = np.random.default_rng(seed)
    rows = []
    for unit in range(units):
        attraction = dice.uniform(0.05, 0.6)
        for place, shown in zip(dice.choice(20, 2, replace=False), (200, 40), strict=True):
            clicked = int(dice.binomial(shown, attraction * TRUTH[place]))
            base = {"unit": unit, "cluster": unit % 50, "position": positions.PLACES[place]}
            base["device"] = "phone" if unit % 2 else "desktop"
            rows.append({**base, "impressions": shown, "clicks": 0})
            rows.append({**base, "impressions": 0, "clicks": clicked})
    return pd.DataFrame(rows)


def test_a_known_curve_is_found_within_its_interval() -> None:
    curve = harvesting.fit(harvesting.Table.of(world(1500)), harvesting.assumed())
    single = slice(0, positions.SINGLE)
    found = np.exp(curve.log_propensity)[single]
    assert np.abs(found - TRUTH[single]).mean() < 0.02
    inside = (curve.low[single] <= TRUTH[single]) & (TRUTH[single] <= curve.high[single])
    assert inside.mean() >= 0.85
    assert found[0] == curve.low[0] == curve.high[0] == 1.0


def test_more_exchanges_narrow_the_interval() -> None:
    wide, narrow = (harvesting.fit(harvesting.Table.of(world(n)), harvesting.assumed()) for n in (100, 1500))
    assert ((narrow.high - narrow.low)[1:] < (wide.high - wide.low)[1:]).all()


def test_nothing_to_compare_gives_the_prior() -> None:
    table = harvesting.Table.of(world(20).query("unit < 0"))
    curve = harvesting.fit(table, harvesting.assumed())
    assert table.clicks_used == 0
    assert curve.log_propensity == pytest.approx(harvesting.assumed())


def test_only_units_with_clicks_and_two_positions_count() -> None:
    rows = pd.DataFrame(
        [
            {"unit": 1, "position": 1, "impressions": 5, "clicks": 5},
            {"unit": 2, "position": 1, "impressions": 5, "clicks": 0},
            {"unit": 2, "position": 2, "impressions": 5, "clicks": 0},
            {"unit": 3, "position": 1, "impressions": 5, "clicks": 0},
            {"unit": 3, "position": 2, "impressions": 3, "clicks": 3},
        ]
    ).assign(cluster=0, device="phone")
    table = harvesting.Table.of(rows)
    assert table.clicks_used == 3
    assert table.impressions.sum() == 8


def test_the_order_of_units_does_not_move_the_curve() -> None:
    rows = world(60)
    one, other = (harvesting.fit(harvesting.Table.of(each), harvesting.assumed()) for each in (rows, rows.iloc[::-1]))
    assert one.log_propensity == pytest.approx(other.log_propensity, abs=1e-9)


def test_the_assumed_curve_says_how_little_is_known() -> None:
    curve = harvesting.assumed_curve()
    third = positions.PLACES.index(3)
    assert np.exp(curve.log_propensity[third]) == pytest.approx(3**-0.7)
    assert (curve.low[third], curve.high[third]) == (pytest.approx(3**-1.2), pytest.approx(3**-0.4))
