"""Simulate how records reach the landing folder: delays, duplicates, wrong clocks, outages."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from infra.demo.behaviour import QUERY, Actions
from infra.demo.catalogue import Bools, Ints, generator
from infra.demo.parameters import DAY_MS, HOUR_MS
from infra.demo.shop import Shop
from infra.demo.visits import Requests

COLLECTORS = 3
"""The number of servers that ship logs. In an outage, one of them fails."""
OUTAGE_MS = 3 * HOUR_MS
LATEST_DAYS = 6
"""The longest delay by an outage, in days."""


@dataclass(frozen=True)
class Shipped:
    """One row per shipped record, with the requests to which the records belong."""

    requests: Requests
    kind: Ints
    request: Ints
    place: Ints
    time_ms: Ints
    """The instant as logged, possibly by a wrong clock."""
    arrival_ms: Ints
    late: Bools
    double: Bools
    skewed: Bools

    def take(self, rows: Bools) -> Shipped:
        """Return the records at these rows."""
        return replace(
            self,
            **{
                name: getattr(self, name)[rows]
                for name in ("kind", "request", "place", "time_ms", "arrival_ms", "late", "double", "skewed")
            },
        )


def ship(shop: Shop, requests: Requests, actions: Actions) -> Shipped:
    """Return the records with their arrival. A share of them (`duplicates`) arrives twice."""
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
    """Delay records by outages: one collector keeps three hours of its records for some days."""
    happens = rng.random() < shop.parameters.outages_a_day and requests.label == ""
    begin = shop.parameters.start_ms + requests.day * DAY_MS + int(rng.integers(6, 18)) * HOUR_MS
    collector, days = int(rng.integers(0, COLLECTORS)), int(rng.integers(2, LATEST_DAYS + 1))
    inside = (actions.time_ms >= begin) & (actions.time_ms < begin + OUTAGE_MS)
    late = happens & inside & (requests.session[actions.request] % COLLECTORS == collector)
    sent = shop.parameters.start_ms + (requests.day + days) * DAY_MS + 9 * HOUR_MS + 600_000
    return np.where(late, sent + (arrival - begin) // 100, arrival), late


def _skew_clocks(shop: Shop, rng: np.random.Generator, requests: Requests, actions: Actions) -> tuple[Ints, Bools]:
    """Shift the events of sessions with a wrong clock by minutes. Their queries are not shifted.

    Events that would leave their UTC day are not shifted, so that no event lies after the end of the world.
    """
    sessions = int(requests.session.max()) + 1
    off = rng.random(sessions) < shop.parameters.skewed_sessions
    off[0] = False  # the session with which the day ends
    shift = rng.integers(60_000, 1_800_000, sessions) * rng.choice([-1, 1], sessions)
    session = requests.session[actions.request]
    skewed = off[session] & (actions.kind != QUERY)
    moved = actions.time_ms + shift[session]
    same_day = moved // DAY_MS == actions.time_ms // DAY_MS
    skewed &= same_day
    return np.where(skewed, moved, actions.time_ms), skewed
