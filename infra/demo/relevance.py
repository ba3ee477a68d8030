"""How relevant each item is to each query, and which features of that the engine logs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infra.demo.catalogue import ITEMS_A_TOPIC, Bools, Floats, Ints, Items, Queries, generator
from infra.demo.parameters import Parameters

GRADE_SHARES = (0.38, 0.24, 0.19, 0.12, 0.07)
"""Shares of the grades 0 to 4 among all pairs."""


@dataclass(frozen=True)
class Pairs:
    """One row per (query, item) pair, sorted by query. Every query has the same number of pairs."""

    query: Ints
    item: Ints
    grade: Ints
    engine_score: Floats
    clickbait: Floats
    """Factor on the chance of a click; 1 is neutral."""
    clickbait_after_drift: Floats
    features: dict[str, Floats]
    """The features that the engine logs for the pair, except the price."""


def make_pairs(parameters: Parameters, items: Items, queries: Queries) -> Pairs:
    """Make the candidates of every query, with their hidden grades."""
    rng = generator(parameters, "pairs")
    pool = _pool(queries)
    relevance = _relevance(rng, items, queries, pool)
    chosen = np.argsort(-(relevance + 0.7 * rng.gumbel(size=pool.shape)), axis=1)[:, : parameters.candidates]
    item = np.take_along_axis(pool, chosen, axis=1).ravel()
    query = np.repeat(np.arange(len(queries.texts)), parameters.candidates)
    grade = _grade(np.take_along_axis(relevance, chosen, axis=1).ravel())
    features = _features(rng, items, queries, query, item)
    return Pairs(
        query=query,
        item=item,
        grade=grade,
        engine_score=_engine_score(rng, features, items.popularity[item]),
        clickbait=_clickbait(parameters, rng, items.flashy[item]),
        clickbait_after_drift=_clickbait(parameters, rng, items.flashy[item]),
        features=features,
    )


def matches(items: Items, queries: Queries, query: Ints, item: Ints) -> tuple[Bools, Bools]:
    """Return for each pair which aspects the query names, and which of these the item has."""
    wants = queries.wants[query]
    asked = wants >= 0
    return asked, asked & (wants == items.aspect[item])


def _pool(queries: Queries) -> Ints:
    """Return the retrievable items of each query: all of its own topic, and every third of the sister topic."""
    own = queries.topic[:, None] * ITEMS_A_TOPIC + np.arange(ITEMS_A_TOPIC)
    sister = (queries.topic ^ 1)[:, None] * ITEMS_A_TOPIC + np.arange(ITEMS_A_TOPIC)
    return np.concatenate([own, sister[:, ::3]], axis=1)


def _relevance(rng: np.random.Generator, items: Items, queries: Queries, pool: Ints) -> Floats:
    query = np.repeat(np.arange(pool.shape[0]), pool.shape[1])
    item = pool.ravel()
    asked, has = matches(items, queries, query, item)
    match = has.sum(axis=1) / asked.sum(axis=1)
    category = items.topic[item] == queries.topic[query]
    taste = np.abs(log_price_ratio(items.base_price, items.topic, item) - queries.price_taste[query])
    quality = items.quality[item]
    score = 1.5 * match + 0.8 * category + 0.5 * quality + 0.4 * match * quality - 0.6 * taste
    return np.asarray(score + rng.normal(0, 0.9, item.size)).reshape(pool.shape)


def _grade(relevance: Floats) -> Ints:
    cuts = np.quantile(relevance, np.cumsum(GRADE_SHARES)[:-1])
    return np.searchsorted(cuts, relevance, side="right").astype(np.int64)


def _features(rng: np.random.Generator, items: Items, queries: Queries, query: Ints, item: Ints) -> dict[str, Floats]:
    """Return the engine's features: the true causes, with noise, and limited to what the seller wrote."""
    asked, has = matches(items, queries, query, item)
    written = has & items.in_title[item]
    same = items.topic[item] == queries.topic[query]
    title = (2 - (~same) + written.sum(axis=1)) / (2 + asked.sum(axis=1))
    length = 2 + items.in_title[item].sum(axis=1)

    def noise(sigma: float) -> Floats:
        return rng.normal(0, sigma, item.size)

    return {
        "bm25_title": np.round(9 * title / (0.6 + 0.1 * length) + noise(1.2), 4),
        "bm25_description": np.round(2.5 * has.sum(axis=1) + 1.5 * same + noise(2.0), 4),
        "title_match": np.round(title, 4),
        "category_match": np.where(rng.random(item.size) < 0.04, ~same, same).astype(float),
        "attribute_match": np.round(has.sum(axis=1) / asked.sum(axis=1) + noise(0.2), 4),
        "static_quality": np.round(items.quality[item] + noise(0.8), 4),
        "vector_similarity": np.round(np.tanh(0.3 * title + 0.25 * has.sum(axis=1) + noise(0.15)), 4),
    }


def _engine_score(rng: np.random.Generator, features: dict[str, Floats], popularity: Floats) -> Floats:
    """Return the score behind the engine's order: mostly text, some popularity, and much noise."""
    text = features["bm25_title"] / 3 + features["bm25_description"] / 8
    return text + 0.35 * popularity + rng.normal(0, 0.5, popularity.size)


def _clickbait(parameters: Parameters, rng: np.random.Generator, flashy: Floats) -> Floats:
    own = rng.normal(size=flashy.size)
    if parameters.clickbait == "hard":
        return np.asarray(np.exp(2 * parameters.clickbait_sigma * np.sqrt(0.5) * (flashy + own)))
    return np.asarray(np.exp(parameters.clickbait_sigma * own))


def log_price_ratio(price: Floats, topic: Ints, item: Ints) -> Floats:
    """Return for each pair the log of the ratio of the item's price to the median price of its topic."""
    median = np.median(np.log(price).reshape(-1, ITEMS_A_TOPIC), axis=1)
    return np.asarray(np.log(price)[item] - median[topic[item]])
