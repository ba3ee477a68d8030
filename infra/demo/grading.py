"""Choose the pairs that people grade, and draw their grades."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from infra.demo.catalogue import Bools, Floats, Ints, generator
from infra.demo.parameters import SHOWN
from infra.demo.shop import Shop, known_weeks

REPEATED_GRADES = 0.05
"""Share of the pairs that are graded twice, which shows the noise of the graders."""
POOL = 10
"""The number of top items per query that `pooled` and `head` grade."""
CLICK_DAYS = 28
"""Days of clicks from which `most_clicked` chooses."""

Choose = Callable[[np.random.Generator, Shop, Ints, int], Ints]


def draw_grades(shop: Shop, gradable: Bools | None = None) -> tuple[Ints, Ints]:
    """Return the graded pairs, some of them twice, and their grades.

    The parameters give the number of grades, how the pairs are chosen and how many grades are wrong. Only pairs in the
    mask `gradable` are chosen; by default, the pairs that are known from the first week on.
    """
    p = shop.parameters
    rng = generator(p, "judgments")
    allowed = np.flatnonzero(known_weeks(shop) == 0 if gradable is None else gradable)
    repeated = round(p.grades * REPEATED_GRADES)
    once = _CHOICES[p.grade_choice](rng, shop, allowed, min(p.grades - repeated, allowed.size))
    pairs = np.concatenate([once, once[:repeated]])
    grade = shop.pairs.grade[pairs]
    wrong = rng.random(pairs.size) < p.grade_flips
    return pairs, np.where(wrong, (grade + rng.integers(1, 5, pairs.size)) % 5, grade)


def _random(rng: np.random.Generator, shop: Shop, allowed: Ints, count: int) -> Ints:
    return rng.choice(allowed, count, replace=False)


def _queries(rng: np.random.Generator, shop: Shop, allowed: Ints, count: int) -> Ints:
    """Choose all pairs of random queries."""
    return _by_query(rng.random(len(shop.queries.texts)), shop, allowed)[:count]


def _pooled(rng: np.random.Generator, shop: Shop, allowed: Ints, count: int) -> Ints:
    """Choose the top ten of random queries that have traffic."""
    return _by_query(rng.random(len(shop.queries.texts)), shop, _top(shop, allowed))[:count]


def _head(rng: np.random.Generator, shop: Shop, allowed: Ints, count: int) -> Ints:
    """Choose the top ten of the most frequent queries."""
    return _by_query(-shop.query_weights(0), shop, _top(shop, allowed))[:count]


def _most_clicked(rng: np.random.Generator, shop: Shop, allowed: Ints, count: int) -> Ints:
    """Choose the pairs with the most clicks in `CLICK_DAYS`, drawn from the expected number of each pair."""
    clicks = rng.poisson(_expected_clicks(shop))
    order = np.lexsort((rng.random(allowed.size), -clicks[allowed]))
    return allowed[order][:count]


def _by_query(key: Floats, shop: Shop, pairs: Ints) -> Ints:
    """Sort pairs by the key of their query, in ascending order."""
    return pairs[np.argsort(key[shop.pairs.query[pairs]], kind="stable")]


def _top(shop: Shop, allowed: Ints) -> Ints:
    """Return the allowed pairs among the first `POOL` of the engine's order, of queries with traffic."""
    open_now = shop.query_weights(0) > 0
    first = shop.ranked_pairs(0)[:, :POOL]
    return np.intersect1d(first[open_now & (first[:, -1] >= 0)].ravel(), allowed)


def _expected_clicks(shop: Shop) -> Floats:
    """Return for each pair the clicks that people give it in `CLICK_DAYS` in the engine's own order."""
    ranked = shop.ranked_pairs(0)[:, :SHOWN]
    curve = shop.click_curve(0)[shop.clients.device].T @ shop.clients.weight
    requests = shop.query_weights(0) * shop.parameters.requests_a_day * shop.parameters.scale * CLICK_DAYS
    expected = np.zeros(shop.pairs.grade.size)
    filled = ranked >= 0
    expected[ranked[filled]] = (requests[:, None] * curve[None, :])[filled]
    return expected * shop.click_chance(0)


_CHOICES: dict[str, Choose] = {
    "random": _random,
    "queries": _queries,
    "pooled": _pooled,
    "head": _head,
    "most_clicked": _most_clicked,
}
