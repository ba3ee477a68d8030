"""The demo shop: items, queries, pairs and clients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from infra.demo.catalogue import (
    Bools,
    Floats,
    Ints,
    Items,
    Queries,
    generator,
    make_items,
    make_queries,
    prices,
)
from infra.demo.parameters import DEVICES, SHOWN, Parameters
from infra.demo.relevance import Pairs, make_pairs

HUMAN, BOT, SCRAPER, SELLER = range(4)
KINDS = ("human", "bot", "scraper", "seller")


@dataclass(frozen=True)
class Clients:
    """One row per client. `kind` is an index into `KINDS`, `device` into `DEVICES`."""

    ids: list[str]
    kind: Ints
    device: Ints
    weight: Floats
    """Share of the human sessions; 0 for clients that are not human."""
    seller_brand: Ints


@dataclass(frozen=True)
class Shop:
    """Everything that does not change from day to day."""

    parameters: Parameters
    items: Items
    queries: Queries
    pairs: Pairs
    clients: Clients

    def listed_pairs(self, week: int) -> Bools:
        """Return a mask of the pairs that the engine can show in a week."""
        items = self.items
        return (items.listed & (items.launch_week <= week))[self.pairs.item]

    def ranked_pairs(self, week: int) -> Ints:
        """Return the engine's order: per query (row) its pairs, best first, then -1 after the last listed one."""
        width = self.parameters.candidates
        score = np.where(self.listed_pairs(week), self.pairs.engine_score, -np.inf).reshape(-1, width)
        order = np.argsort(-score, axis=1, kind="stable")
        pair = order + np.arange(score.shape[0])[:, None] * width
        return np.where(np.isneginf(np.take_along_axis(score, order, axis=1)), -1, pair)

    def query_weights(self, day: int) -> Floats:
        """Return the probability of each query on a day; they sum to one."""
        drifted = day >= self.parameters.drift_day
        weight = self.queries.weight_after_drift if drifted else self.queries.weight
        open_now = np.where(self.queries.first_week <= day // 7, weight, 0.0)
        return np.asarray(open_now / open_now.sum())

    def click_curve(self, day: int) -> Floats:
        """Return the chance of a click by device and position, relative to the first place: examination x trust."""
        return examination(self.parameters, day) * trust(self.parameters)

    def click_chance(self, day: int) -> Floats:
        """Return for each pair the chance of a click at the first place."""
        drifted = day >= self.parameters.drift_day
        bait = self.pairs.clickbait_after_drift if drifted else self.pairs.clickbait
        attraction = np.array(self.parameters.attraction)[self.pairs.grade]
        return np.minimum(0.95, self.parameters.attraction_of_best * attraction * bait)

    def price(self, week: int) -> Floats:
        """Return each item's price in a week."""
        return prices(self.parameters, self.items, week)[0]


def examination(parameters: Parameters, day: int) -> Floats:
    """Return k^-eta for each device (rows) and position k from 1 (columns)."""
    eta = parameters.eta_after_drift if day >= parameters.drift_day else parameters.eta
    place = np.arange(1, SHOWN + 1)
    return np.asarray(place[None, :] ** -np.array(eta)[:, None])


def trust(parameters: Parameters) -> Floats:
    """Return the factor by which people over-click the first places, relative to the first place (which is 1)."""
    place = np.arange(SHOWN)
    return np.asarray((1 + parameters.trust_bias * np.exp(-place)) / (1 + parameters.trust_bias))


def known_weeks(shop: Shop) -> Ints:
    """Return for each pair the first week in which its features are logged.

    That is the later of the query's first week (0 if it never gets traffic) and the item's launch week.
    """
    first = shop.queries.first_week[shop.pairs.query]
    launch = shop.items.launch_week[shop.pairs.item]
    return np.maximum(np.where(first > 1000, 0, first), launch)


@lru_cache(maxsize=4)
def open_shop(parameters: Parameters) -> Shop:
    """Return the shop with these parameters."""
    items, queries = make_items(parameters), make_queries(parameters)
    pairs = make_pairs(parameters, items, queries)
    return Shop(parameters, items, queries, pairs, _make_clients(parameters))


def _make_clients(parameters: Parameters) -> Clients:
    rng = generator(parameters, "clients")
    people = max(200, round(4000 * parameters.scale))
    odd = max(1, round(parameters.odd_clients * parameters.scale)) if parameters.odd_clients else 0
    kind = np.concatenate([np.full(people, HUMAN), np.repeat([BOT, SCRAPER, SELLER], odd)])
    weight = np.where(kind == HUMAN, rng.gamma(0.7, size=kind.size), 0.0)
    return Clients(
        ids=[f"c{n:07d}" for n in rng.permutation(10 * kind.size)[: kind.size]],
        kind=kind,
        device=(rng.random(kind.size) < 0.45).astype(np.int64) % len(DEVICES),
        weight=weight / weight.sum(),
        seller_brand=rng.integers(0, 24, kind.size),
    )
