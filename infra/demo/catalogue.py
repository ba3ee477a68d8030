"""Items and queries of the demo world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infra.demo import words
from infra.demo.parameters import Parameters

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ITEMS_A_TOPIC = 30
NEVER = 10_000
"""A week that no world reaches, for queries that never get traffic."""
LATE_WEEKS = (2, 6)
"""Items and queries that appear late do so in a week from this range, its end excluded."""
LATE_QUERIES = 0.06
"""Share of the queries that appear late."""


def generator(parameters: Parameters, stream: str, day: int = 0) -> np.random.Generator:
    """Return a random generator that depends only on the seed, the stream's name and the day."""
    return np.random.default_rng([parameters.seed, *stream.encode(), 1_000_000 + day])


@dataclass(frozen=True)
class Items:
    """One row per item. `aspect[:, a]` is an index into `words.ASPECTS[a]`."""

    ids: list[str]
    topic: Ints
    aspect: Ints
    in_title: Bools
    quality: Floats
    popularity: Floats
    base_price: Floats
    launch_week: Ints
    listed: Bools
    """False for items that the engine never shows."""
    flashy: Floats
    """How loud pictures and titles are. In the hard world, it causes half of the clickbait."""


@dataclass(frozen=True)
class Queries:
    """One row per query. `wants[:, a]` is an index like `Items.aspect`, -1 if the query does not name that aspect."""

    texts: list[str]
    topic: Ints
    wants: Ints
    price_taste: Floats
    weight: Floats
    weight_after_drift: Floats
    first_week: Ints
    """The week of the first traffic, `NEVER` for queries that nobody sends."""


def make_items(parameters: Parameters) -> Items:
    """Make the items of the shop, thirty per topic."""
    rng = generator(parameters, "items")
    topics = parameters.query_count // 8
    count = topics * ITEMS_A_TOPIC
    topic = np.repeat(np.arange(topics), ITEMS_A_TOPIC)
    pools = _draw_pools(parameters, topics)
    aspect = np.stack(
        [pool[topic, rng.integers(0, pool.shape[1], count)] for pool in pools],
        axis=1,
    )
    late = rng.random(count) < 0.06
    return Items(
        ids=[f"P{n:06d}" for n in rng.permutation(10 * count)[:count]],
        topic=topic,
        aspect=aspect,
        in_title=rng.random((count, 4)) < (0.75, 0.85, 0.85, 0.8),
        quality=rng.normal(size=count),
        popularity=rng.normal(size=count),
        base_price=np.exp(rng.normal(3.0, 0.6, topics)[topic] + rng.normal(0, 0.35, count)),
        launch_week=np.where(late, rng.integers(*LATE_WEEKS, count), 0),
        listed=rng.random(count) >= 0.05,
        flashy=rng.normal(size=count),
    )


def make_queries(parameters: Parameters) -> Queries:
    """Make eight queries per topic, each with one or two aspects."""
    rng = generator(parameters, "queries")
    count = parameters.query_count
    topic = np.repeat(np.arange(count // 8), 8)
    pools = _draw_pools(parameters, count // 8)
    asked = np.tile(np.array([[a in wants for a in range(4)] for wants in words.WANTS]), (count // 8, 1))
    picked = np.stack([pool[topic, rng.integers(0, pool.shape[1], count)] for pool in pools], axis=1)
    wants = np.where(asked, picked, -1)
    kind = rng.random(count)
    cold, late = kind < parameters.cold_queries, kind < parameters.cold_queries + LATE_QUERIES
    first_week = np.where(cold, NEVER, np.where(late, rng.integers(*LATE_WEEKS, count), 0))
    weight: Floats = 1.0 / (1.0 + rng.permutation(count).astype(np.float64)) ** parameters.zipf
    drifted = rng.random(count) < 0.33
    after = weight.copy()
    after[drifted] = rng.permutation(weight[drifted])
    return Queries(
        texts=[_query_text(int(t), w) for t, w in zip(topic, wants, strict=True)],
        topic=topic,
        wants=wants,
        price_taste=rng.normal(0, 0.4, count),
        weight=weight,
        weight_after_drift=after,
        first_week=first_week,
    )


def prices(parameters: Parameters, items: Items, week: int) -> tuple[Floats, Bools]:
    """Return each item's price in a week, and whether the price changed in that week (in week 0, always)."""
    price, changed = items.base_price, np.ones(len(items.ids), dtype=bool)
    for w in range(1, week + 1):
        rng = generator(parameters, "prices", w)
        changed = rng.random(len(items.ids)) < 0.08
        price = np.where(changed, items.base_price * rng.uniform(0.75, 1.2, len(items.ids)), price)
    return np.round(price, 2), changed


def title_of(items: Items, item: int) -> str:
    """Return the item's title: the aspects that the seller mentions, then setting and noun."""
    named = [words.ASPECTS[a][items.aspect[item, a]] for a in range(4) if items.in_title[item, a]]
    return " ".join([*named, *words.topic_words(int(items.topic[item]))])


def _draw_pools(parameters: Parameters, topics: int) -> list[Ints]:
    """Return for each aspect the indices of the words that each topic uses, one row per topic."""
    rng = generator(parameters, "pools")
    keys = [rng.random((topics, len(aspect))) for aspect in words.ASPECTS]
    return [np.argsort(k, axis=1)[:, :size] for k, size in zip(keys, words.POOL_SIZES, strict=True)]


def _query_text(topic: int, wants: NDArray[Any]) -> str:
    asked = [words.ASPECTS[a][w] for a, w in enumerate(wants) if w >= 0]
    return " ".join([*asked, *words.topic_words(topic)])
