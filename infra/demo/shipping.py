"""How records travel from the shop to the landing folder: delays, doubles, wrong clocks, outages."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from infra.demo.behaviour import QUERY, Actions
from infra.demo.catalogue import Bools, Ints, generator
from infra.demo.parameters import DAY_MS, HOUR_MS
from infra.demo.shop import Shop
from infra.demo.visits import Requests

COLLECTORS = 3
"""Servers that ship logs; one of them fails in an outage."""
OUTAGE_MS = 3 * HOUR_MS
LATEST_DAYS = 6
"""No outage delays a record by more days than this."""


@dataclass(frozen=True)
class Shipped:
    """One row a record on its way, with the requests that it belongs to."""

    requests: Requests
    kind: Ints
    request: Ints
    place: Ints
    time_ms: Ints
    """The instant as logged, wrong clocks included."""
    arrival_ms: Ints
    late: Bools
    double: Bools
    skewed: Bools

    def take(self, rows: Bools) -> Shipped:
        """The records at these rows."""
        return replace(
            self,
            **{
                name: getattr(self, name)[rows]
                for name in ("kind", "request", "place", "time_ms", "arrival_ms", "late", "double", "skewed")
            },
        )


def ship(shop: Shop, requests: Requests, actions: Actions) -> Shipped:
    """The records with their arrival, 1 % of them twice."""
    rng = generator(shop.parameters, f"shipping{requests.label}", requests.day)
    size = actions.kind.size
    arrival = actions.time_ms + rng.exponential(15_000, size).astype(np.int64) + 200
    arrival, late = _hold_back(shop, rng, requests, actions, arrival)
    when, skewed = _skew_clocks(shop, rng, requests, actions)
    twice = rng.random(size) < shop.parameters.duplicates
    rows = np.concatenate([np.arange(size), np.flatnonzero(twice)])
    double = np.arange(rows.size) >= size
    retry = np.where(double & ~late[rows], rng.exponential(600_000, rows.size).astype(np.int64), 0)
    return Shipped(
        requests=requests,
        kind=actions.kind[rows],
        request=actions.request[rows],
        place=actions.place[rows],
        time_ms=when[rows],
        arrival_ms=arrival[rows] + retry,
        late=late[rows],
        double=double,
        skewed=skewed[rows],
    )


def _hold_back(
    shop: Shop, rng: np.random.Generator, requests: Requests, actions: Actions, arrival: Ints
) -> tuple[Ints, Bools]:
    """In an outage one collector keeps three hours of its records for some days."""
    happens = rng.random() < shop.parameters.outages_a_day and requests.label == ""
    begin = shop.parameters.start_ms + requests.day * DAY_MS + int(rng.integers(6, 18)) * HOUR_MS
    collector, days = int(rng.integers(0, COLLECTORS)), int(rng.integers(2, LATEST_DAYS + 1))
    inside = (actions.time_ms >= begin) & (actions.time_ms < begin + OUTAGE_MS)
    late = happens & inside & (requests.session[actions.request] % COLLECTORS == collector)
    sent = shop.parameters.start_ms + (requests.day + days) * DAY_MS + 9 * HOUR_MS + 600_000
    return np.where(late, sent + (arrival - begin) // 100, arrival), late


def _skew_clocks(shop: Shop, rng: np.random.Generator, requests: Requests, actions: Actions) -> tuple[Ints, Bools]:
    """Some sessions run on a wrong clock: their events, never their queries, are minutes off.

    A clock never leaves its own UTC day forwards, so that no event lies beyond the world's end.
    """
    sessions = int(requests.session.max()) + 1
    off = rng.random(sessions) < shop.parameters.skewed_sessions
    off[0] = False  # the session that the day ends with
    shift = rng.integers(60_000, 1_800_000, sessions) * rng.choice([-1, 1], sessions)
    of = requests.session[actions.request]
    skewed = off[of] & (actions.kind != QUERY)
    moved = actions.time_ms + shift[of]
    same_day = moved // DAY_MS == actions.time_ms // DAY_MS
    skewed &= same_day
    return np.where(skewed, moved, actions.time_ms), skewed
