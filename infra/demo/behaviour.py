"""Simulate what users do with the shown items: clicks, dwell times, carts and purchases, each with its instant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infra.demo.catalogue import Bools, Floats, Ints, generator
from infra.demo.parameters import DAY_MS, HOUR_MS, SHOWN
from infra.demo.shop import BOT, HUMAN, SELLER, Shop
from infra.demo.visits import Requests

QUERY, IMPRESSION, CLICK, EXIT, CART, PURCHASE = range(6)
ACTIONS = ("", "impression", "click", "page_exit", "add_to_cart", "purchase")
LONGEST_DELAY_DAYS = 42
"""The longest time from a click to its conversion."""


@dataclass(frozen=True)
class Actions:
    """One row per record of the log: queries (`kind` 0) and events (`kind` is an index into ACTIONS)."""

    kind: Ints
    request: Ints
    place: Ints
    """0-based place in the request's list, -1 for queries."""
    time_ms: Ints


@dataclass(frozen=True)
class _Visit:
    """What happened in each request at each place: arrays of shape (requests, `SHOWN`), `start_ms` one per request."""

    start_ms: Ints
    clicked: Bools
    click_ms: Ints
    dwell_ms: Floats
    long: Bools


def act(shop: Shop, requests: Requests) -> Actions:
    """Return the records of all requests, sorted by request and time."""
    rng = generator(shop.parameters, f"behaviour{requests.label}", requests.day)
    visit = _visit(shop, rng, requests)
    parts = [_queries(visit), _impressions(visit, requests), _clicks(visit), _exits(rng, visit)]
    parts += _conversions(shop, rng, requests, visit)
    kinds = np.concatenate([np.full(len(p[0]), kind) for kind, p in enumerate(parts)])
    request, place, when = (np.concatenate([p[i] for p in parts]) for i in range(3))
    order = np.lexsort((kinds, when, request))
    return Actions(kinds[order], request[order], place[order], when[order])


_Part = tuple[Ints, Ints, Ints]


def _visit(shop: Shop, rng: np.random.Generator, requests: Requests) -> _Visit:
    shown, who = requests.shown, shop.clients.kind[requests.client][:, None]
    clicked = _draw_clicks(shop, rng, requests)
    long = rng.random(shown.shape) < _long_chance(shop, requests)
    short_ms = rng.gamma(2.0, 5_000, shown.shape) + 800
    dwell = np.where(long, 30_000 + rng.exponential(75_000, shown.shape), np.minimum(short_ms, 29_000))
    dwell = np.where(who == HUMAN, dwell, 400 + rng.exponential(150, shown.shape))
    spent = np.cumsum(np.where(clicked, dwell, 0), axis=1)
    reading = np.where(who == HUMAN, rng.uniform(700, 2_500, shown.shape), 200).cumsum(axis=1)
    since = reading + spent - np.where(clicked, dwell, 0)
    pause = np.where(who[:, 0] == HUMAN, 4_000 + rng.exponential(25_000, len(shown)), 1_000)
    start = _starts(requests, reading[:, -1] + spent[:, -1] + pause)
    return _Visit(start, clicked, start[:, None] + since.astype(np.int64), dwell, long)


def _draw_clicks(shop: Shop, rng: np.random.Generator, requests: Requests) -> Bools:
    shown, kind = requests.shown, shop.clients.kind[requests.client]
    chance = shop.click_curve(requests.day)[shop.clients.device[requests.client]]
    chance = chance * shop.click_chance(requests.day)[shown]
    brand = shop.items.aspect[shop.pairs.item[shown], 0]
    own = brand == shop.clients.seller_brand[requests.client][:, None]
    chance = np.select(
        [(kind == HUMAN)[:, None], (kind == BOT)[:, None], (kind == SELLER)[:, None] & own],
        [chance, np.ones_like(chance), np.ones_like(chance)],
        0.0,
    )
    return np.asarray((shown >= 0) & (rng.random(shown.shape) < chance))


def _long_chance(shop: Shop, requests: Requests) -> Floats:
    """Return the chance that a click is long. It depends on the grade, and clickbait lowers it."""
    base = np.array(shop.parameters.long_click)[shop.pairs.grade[requests.shown]]
    odds = base / (1 - base) / shop.pairs.clickbait[requests.shown] ** shop.parameters.clickbait_dwell
    return np.asarray(odds / (1 + odds))


def _starts(requests: Requests, duration_ms: Floats) -> Ints:
    """Return the start of each request: it starts when the previous request of its session has ended."""
    before = np.cumsum(duration_ms) - duration_ms
    own = before - before[requests.first_of_session][requests.session]
    return np.asarray(requests.session_start_ms[requests.session] + own.astype(np.int64))


def _queries(visit: _Visit) -> _Part:
    count = len(visit.start_ms)
    return np.arange(count), np.full(count, -1), visit.start_ms


def _impressions(visit: _Visit, requests: Requests) -> _Part:
    request, place = np.nonzero((requests.shown >= 0) & requests.logs_impressions[:, None])
    return request, place, visit.start_ms[request] + 180 + 15 * place


def _clicks(visit: _Visit) -> _Part:
    request, place = np.nonzero(visit.clicked)
    return request, place, visit.click_ms[request, place]


def _exits(rng: np.random.Generator, visit: _Visit) -> _Part:
    """Return the page exits. UBI has no dwell time, but 85 % of the pages log when they are left."""
    request, place = np.nonzero(visit.clicked & (rng.random(visit.clicked.shape) < 0.85))
    return request, place, visit.click_ms[request, place] + visit.dwell_ms[request, place].astype(np.int64)


def _conversions(shop: Shop, rng: np.random.Generator, requests: Requests, visit: _Visit) -> tuple[_Part, _Part]:
    person = (shop.clients.kind[requests.client] == HUMAN)[:, None]
    chance = np.array(shop.parameters.purchase_of_long_click)[shop.pairs.grade[requests.shown]]
    candidate = visit.clicked & visit.long & person
    bought = candidate & (rng.random(candidate.shape) < chance)
    kept = candidate & (rng.random(candidate.shape) < chance * shop.parameters.cart_without_purchase)
    delay = conversion_delays(rng, SHOWN * len(chance)).reshape(chance.shape)
    to_cart = np.minimum(visit.dwell_ms * 0.6, delay * 0.5).astype(np.int64)
    return _after_click(visit, bought | kept, to_cart), _after_click(visit, bought, delay.astype(np.int64))


def _after_click(visit: _Visit, happens: Bools, delay_ms: Ints) -> _Part:
    request, place = np.nonzero(happens)
    return request, place, visit.click_ms[request, place] + delay_ms[request, place]


def conversion_delays(rng: np.random.Generator, count: int) -> Floats:
    """Return milliseconds from click to purchase: 35 % within an hour, half within a day, the rest within weeks."""
    part = rng.random(count)
    hour = rng.uniform(0.03, 1.0, count) ** 2 * HOUR_MS
    day = np.exp(rng.uniform(np.log(HOUR_MS), np.log(DAY_MS), count))
    tail = np.minimum(DAY_MS + rng.exponential(7.0 * DAY_MS, count), LONGEST_DELAY_DAYS * DAY_MS)
    return np.select([part < 0.35, part < 0.5], [hour, day], tail)
