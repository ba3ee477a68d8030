"""Simulate who searches for what on a day, and which items each request shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infra.demo.catalogue import Bools, Floats, Ints, generator
from infra.demo.parameters import DAY_MS, HOUR_MS, SHOWN
from infra.demo.shop import BOT, HUMAN, SCRAPER, SELLER, Shop

HOURS = (
    0.30, 0.22, 0.18, 0.17, 0.2, 0.3, 0.5, 0.8, 1.0, 1.2, 1.3, 1.35,
    1.3, 1.2, 1.15, 1.2, 1.3, 1.4, 1.5, 1.6, 1.55, 1.3, 0.9, 0.55,
)  # fmt: skip
"""Relative traffic by hour of the day."""
REQUESTS_A_SESSION = (0.62, 0.22, 0.1, 0.06)
"""Shares of sessions with one, two, three and four requests."""
ODD_REQUESTS = {BOT: 6, SCRAPER: 12, SELLER: 8}
"""Requests per day of each client that is not human, by kind."""


@dataclass(frozen=True)
class Requests:
    """One row per request of a day, sorted by session and time."""

    day: int
    label: str
    """Part of the ids. It is empty for the day's own logs and not empty for files that are added later."""
    session: Ints
    first_of_session: Bools
    session_start_ms: Ints
    client: Ints
    query: Ints
    spelling: Ints
    sorted_by_user: Bools
    filtered_by_user: Bools
    logs_impressions: Bools
    shown: Ints
    """The pair at each place, -1 after the last one: shape (requests, `SHOWN`)."""

    @property
    def in_engine_order(self) -> Bools:
        """Mask of the requests in the engine's order, including its random exchanges."""
        return ~(self.sorted_by_user | self.filtered_by_user)


def draw_requests(shop: Shop, day: int, label: str = "", sessions: int | None = None) -> Requests:
    """Return the requests of a day. With `label` and `sessions`, return that many additional sessions of people."""
    rng = generator(shop.parameters, f"visits{label}", day)
    client, length, start = _human_sessions(shop, rng, day, sessions)
    if sessions is None:
        client, length, start = _add_odd_clients(shop, rng, client, length, start)
    session = np.repeat(np.arange(client.size), length)
    who = client[session]
    query = rng.choice(len(shop.queries.texts), session.size, p=shop.query_weights(day))
    person = shop.clients.kind[who] == HUMAN
    own_sort = person & (rng.random(session.size) < shop.parameters.sorted_by_user)
    own_filter = person & ~own_sort & (rng.random(session.size) < shop.parameters.filtered_by_user)
    odd_spelling = rng.random(session.size) < 0.08
    return Requests(
        day=day,
        label=label,
        session=session,
        first_of_session=np.diff(session, prepend=-1) > 0,
        session_start_ms=start,
        client=who,
        query=query,
        spelling=np.where(odd_spelling, rng.integers(1, 4, session.size), 0),
        sorted_by_user=own_sort,
        filtered_by_user=own_filter,
        logs_impressions=(session == 0) | (_share_of(who, 11) >= shop.parameters.without_impression_events),
        shown=_show(shop, rng, day, query, own_sort, own_filter),
    )


def _share_of(client: Ints, salt: int) -> Floats:
    """Return a number in [0, 1) that is fixed for each client."""
    return ((client * 2_654_435_761 + salt * 40_503) % 1_000_003) / 1_000_003


def _human_sessions(shop: Shop, rng: np.random.Generator, day: int, sessions: int | None) -> tuple[Ints, Ints, Ints]:
    p = shop.parameters
    mean = float(np.dot(REQUESTS_A_SESSION, range(1, 5)))
    season = p.weekly_season[p.date_of(day).weekday()]
    count = sessions or 2 + int(rng.poisson(p.requests_a_day * p.scale * season / mean))
    hours = np.array(HOURS) / sum(HOURS)
    client = rng.choice(shop.clients.weight.size, count, p=shop.clients.weight)
    length = rng.choice(4, count, p=REQUESTS_A_SESSION) + 1
    start = rng.choice(24, count, p=hours) * HOUR_MS + rng.integers(0, HOUR_MS, count)
    if sessions is None:  # every day, and so the world, has traffic in its last hour
        start[0] = 23 * HOUR_MS + rng.integers(20, 40) * 60_000
    return client, length, p.start_ms + day * DAY_MS + start


def _add_odd_clients(
    shop: Shop, rng: np.random.Generator, client: Ints, length: Ints, start: Ints
) -> tuple[Ints, Ints, Ints]:
    odd = np.flatnonzero(shop.clients.kind != HUMAN)
    requests = np.array([ODD_REQUESTS[int(k)] for k in shop.clients.kind[odd]], dtype=np.int64)
    midnight = start.min() // DAY_MS * DAY_MS
    when = midnight + rng.integers(6 * HOUR_MS, 20 * HOUR_MS, odd.size)
    return np.append(client, odd), np.append(length, requests), np.append(start, when)


def _show(shop: Shop, rng: np.random.Generator, day: int, query: Ints, own_sort: Bools, own_filter: Bools) -> Ints:
    ranked = shop.ranked_pairs(day // 7)[query]
    if shop.parameters.policy == "easy":
        ranked = _reorder(ranked, -shop.pairs.engine_score[ranked] + rng.normal(0, 0.6, ranked.shape))
    elif shop.parameters.policy == "plain":
        ranked = _exchange(rng, ranked, shop.parameters.exchange)
    price = shop.price(day // 7)[shop.pairs.item]
    ranked = np.where(own_sort[:, None], _reorder(ranked, price[ranked]), ranked)
    cheap = price[ranked] <= np.median(price[ranked], axis=1, keepdims=True)
    filtered = _reorder(np.where(cheap, ranked, -1), np.broadcast_to(np.arange(ranked.shape[1]), ranked.shape))
    return np.where(own_filter[:, None], filtered, ranked)[:, :SHOWN]


def _reorder(pairs: Ints, key: Floats | Ints) -> Ints:
    """Sort each row by ascending key, with empty places last."""
    order = np.argsort(np.where(pairs < 0, np.inf, key), axis=1, kind="stable")
    return np.take_along_axis(pairs, order, axis=1)


def _exchange(rng: np.random.Generator, ranked: Ints, share: float) -> Ints:
    """Swap the items of two random places of the first page, in a share of the requests."""
    result = ranked.copy()
    rows = np.flatnonzero(rng.random(len(ranked)) < share)
    filled = (ranked[rows, :SHOWN] >= 0).sum(axis=1)
    one = (rng.random(rows.size) * filled).astype(np.int64)
    two = (one + 1 + (rng.random(rows.size) * (filled - 1)).astype(np.int64)) % np.maximum(filled, 1)
    result[rows, one], result[rows, two] = ranked[rows, two], ranked[rows, one]
    return result
