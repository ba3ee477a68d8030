"""The simulated users behave as the parameters say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from infra.demo.behaviour import CART, CLICK, EXIT, PURCHASE, Actions, act, conversion_delays
from infra.demo.catalogue import Bools
from infra.demo.parameters import DAY_MS, HOUR_MS, SHOWN, Parameters, WorldError
from infra.demo.shop import BOT, HUMAN, SCRAPER, SELLER, Shop, examination, open_shop
from infra.demo.visits import Requests, draw_requests

PLAIN = Parameters(first_day="2026-03-02", scale=8.0)


def _clicked(requests: Requests, actions: Actions) -> Bools:
    result = np.zeros(requests.shown.shape, dtype=bool)
    rows = actions.kind == CLICK
    result[actions.request[rows], actions.place[rows]] = True
    return result


def _kinds(shop: Shop, requests: Requests) -> np.ndarray:
    return np.asarray(shop.clients.kind[requests.client])


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop(PLAIN)


def test_click_rates_fall_with_the_position_as_k_to_the_minus_eta(shop: Shop) -> None:
    clicks, expected = np.zeros((2, SHOWN)), np.zeros((2, SHOWN))
    for day in range(6):
        requests = draw_requests(shop, day)
        clicked = _clicked(requests, act(shop, requests))
        for device in (0, 1):
            rows = (_kinds(shop, requests) == HUMAN) & (shop.clients.device[requests.client] == device)
            seen = requests.shown[rows] >= 0
            clicks[device] += (clicked[rows] & seen).sum(axis=0)
            expected[device] += np.where(seen, shop.click_chance(day)[requests.shown[rows]], 0).sum(axis=0)
    rate = clicks / expected
    assert rate / rate[:, :1] == pytest.approx(shop.click_curve(0), abs=0.05)
    assert rate / rate[:, :1] == pytest.approx(examination(PLAIN, 0), abs=0.11)


def test_the_drift_changes_how_far_phones_look_down(shop: Shop) -> None:
    before, after = examination(PLAIN, PLAIN.drift_day - 1), examination(PLAIN, PLAIN.drift_day)
    assert after[0] == pytest.approx(before[0])
    assert (after[1, 1:] < before[1, 1:]).all()


def test_two_percent_of_the_requests_exchange_two_places(shop: Shop) -> None:
    requests = draw_requests(shop, 0)
    usual = requests.in_engine_order
    moved = (requests.shown != shop.ranked_pairs(0)[requests.query][:, :SHOWN])[usual].sum(axis=1)
    assert set(np.unique(moved)) == {0, 2}
    assert np.mean(moved == 2) == pytest.approx(0.02, abs=0.008)


@pytest.mark.parametrize(("policy", "least", "most"), [("stuck", 0.0, 0.0), ("easy", 0.9, 1.0)])
def test_policies_move_none_or_all_orders(policy: str, least: float, most: float) -> None:
    shop = open_shop(replace(PLAIN, scale=0.5, policy=policy))
    requests = draw_requests(shop, 0)
    engine = shop.ranked_pairs(0)[requests.query][:, :SHOWN]
    moved = (requests.shown != engine).any(axis=1)[requests.in_engine_order]
    assert least <= moved.mean() <= most


def test_bots_click_all_scrapers_nothing_and_the_seller_its_own(shop: Shop) -> None:
    requests = draw_requests(shop, 0)
    clicked, kind = _clicked(requests, act(shop, requests)), _kinds(shop, requests)
    seen = requests.shown >= 0
    assert clicked[kind == BOT].sum() == seen[kind == BOT].sum() > 0
    assert clicked[kind == SCRAPER].sum() == 0 < seen[kind == SCRAPER].sum()
    request, place = np.nonzero(clicked & (kind == SELLER)[:, None])
    brand = shop.items.aspect[shop.pairs.item[requests.shown[request, place]], 0]
    assert (brand == shop.clients.seller_brand[requests.client[request]]).all()


def test_users_who_sort_by_price_see_rising_prices(shop: Shop) -> None:
    requests = draw_requests(shop, 0)
    rows = requests.shown[requests.sorted_by_user]
    price = np.where(rows >= 0, shop.price(0)[shop.pairs.item[rows]], np.inf)
    assert len(rows) > 50
    assert (price[:, 1:] >= price[:, :-1]).all()


def test_better_items_are_clicked_longer_and_bought_more(shop: Shop) -> None:
    requests = draw_requests(shop, 0)
    actions = act(shop, requests)
    clicks = np.zeros(5)
    sales = np.zeros(5)
    for kind, total in ((CLICK, clicks), (PURCHASE, sales)):
        rows = actions.kind == kind
        grade = shop.pairs.grade[requests.shown[actions.request[rows], actions.place[rows]]]
        total += np.bincount(grade, minlength=5)
    assert sales[4] / clicks[4] > 3 * sales[:2].sum() / clicks[:2].sum()
    assert (actions.kind == CART).sum() > (actions.kind == PURCHASE).sum() > 0


def test_no_action_precedes_its_request_and_exits_follow_clicks(shop: Shop) -> None:
    requests = draw_requests(shop, 0)
    actions = act(shop, requests)
    start = np.zeros(len(requests.query), dtype=np.int64)
    start[actions.request[actions.kind == 0]] = actions.time_ms[actions.kind == 0]
    assert (actions.time_ms >= start[actions.request]).all()
    click_ms = np.full(requests.shown.shape, np.iinfo(np.int64).max)
    for kind in (CLICK, EXIT):
        rows = actions.kind == kind
        at = (actions.request[rows], actions.place[rows])
        if kind == CLICK:
            click_ms[at] = actions.time_ms[rows]
        else:
            assert rows.sum() > 0.8 * (actions.kind == CLICK).sum()
            assert (actions.time_ms[rows] > click_ms[at]).all()


def test_a_third_of_the_conversions_comes_within_an_hour_and_half_within_a_day() -> None:
    delay = conversion_delays(np.random.default_rng(1), 20_000)
    assert np.mean(delay < HOUR_MS) == pytest.approx(0.35, abs=0.02)
    assert np.mean(delay < DAY_MS) == pytest.approx(0.5, abs=0.02)
    assert delay.max() > 21 * DAY_MS


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(WorldError, match="policy 'random' is unknown; choose one of easy, plain, stuck"):
        Parameters(first_day="2026-03-02", policy="random")
    with pytest.raises(WorldError, match=r"scale 100\.0 is outside"):
        Parameters(first_day="2026-03-02", scale=100.0)
