"""The long-click rates of the items that two orders put at each place, from which clicks online can be expected.

By the position-based model (Richardson, Dominowska and Ragno, "Predicting clicks", WWW 2007), a search gets a long
click at place k with the probability propensity(k) * rate(item at k). So the expected long clicks per search are the
sum over places of the propensity times the mean rate there. The propensities are not an input of training, so a
registry row keeps the mean rates, and the covariance of their differences. Whoever knows the curve gets the expected
clicks of both orders from them, and the error of their difference (`expect`).

A *search* is a client that searches for a query on a day, as the counts count a client once per pair and day. A list
was searched as often as its most shown item was shown. A search shows only the first places of a list (`_shown`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranking.training import evaluation, overlap
from ranking.training.matrices import Examples, Flags, Floats, Whole, group_numbers, group_sizes

PLACES = 20
"""Places further down are left out: curves group them, and few users get there."""


def placed_rates(test: Examples, ours: Floats, theirs: Floats) -> list[dict[str, Any]]:
    """Return for each application: its searches a day, the long clicks seen per search, and mean rates at each place.

    Means are over searches. The covariance is that of a mean over queries, which are weighted by their searches. An
    application with fewer than two searched queries is left out, because its error is not known.
    """
    rates = evaluation.long_click_rates(test)
    by_place = [_at_places(test, rates, scores) for scores in (ours, theirs)]
    starts = np.cumsum(group_sizes(test.group)) - group_sizes(test.group)
    applications, searches = test.application[starts].astype(str), _searches(test)
    query = evaluation.queries_of(test)
    clicks = np.bincount(group_numbers(test.group), test.long_clicks, len(searches))
    parts = {str(name): (applications == name) & (searches > 0) for name in np.unique(applications)}
    return [
        {
            "application": name,
            "searches_a_day": round(_a_day(test, starts[lists], searches[lists]), 3),
            "seen": round(float(clicks[lists].sum() / searches[lists].sum()), 8),
        }
        | _means(by_place[0][lists], by_place[1][lists], searches[lists], query[lists])
        for name, lists in parts.items()
        if len(np.unique(query[lists])) > 1
    ]


def expect(found: Mapping[str, Any], propensity: Sequence[float]) -> tuple[float, float, float]:
    """Return the expected long clicks per search by our order and by theirs, and the error of their difference.

    `found` is an entry of `placed_rates`, `propensity` the curve at places 1 to `PLACES`.
    """
    curve = np.asarray(propensity, dtype=np.float64)
    ours, theirs = (float(curve @ np.asarray(found[who])) for who in ("ours", "theirs"))
    variance = float(curve @ np.asarray(found["covariance"]) @ curve)
    return ours, theirs, float(np.sqrt(max(0.0, variance)))


def _at_places(test: Examples, rates: Floats, scores: Floats) -> Floats:
    """Return the rate at each place of each list by an order, times the share of its searches that show the place."""
    place, number = overlap.ranks(scores, test.group), group_numbers(test.group)
    found = np.zeros((len(group_sizes(test.group)), PLACES))
    top: Flags = place <= PLACES
    found[number[top], place[top] - 1] = rates[top]
    return found * _shown(test)


def _shown(test: Examples) -> Floats:
    """Return the share of the searches of each list that show each place.

    A search shows as many places as the list had impressions per search. A list of 9.4 impressions per search shows its
    first nine places, and the tenth to 40 % of the searches.
    """
    shown = np.bincount(group_numbers(test.group), test.evidence, len(group_sizes(test.group)))
    depth = shown / np.maximum(1.0, _searches(test))
    found: Floats = np.clip(depth[:, None] - np.arange(PLACES), 0.0, 1.0)
    return found


def _means(ours: Floats, theirs: Floats, searches: Floats, query: Whole) -> dict[str, Any]:
    total = searches.sum()
    mine, others = (searches @ rates / total for rates in (ours, theirs))
    _, number = np.unique(query, return_inverse=True)
    apart = searches[:, None] * (ours - theirs - (mine - others))
    count = int(number.max()) + 1
    by_query = np.stack([np.bincount(number, column, count) for column in apart.T], axis=1)
    covariance = by_query.T @ by_query / total**2 * count / (count - 1)
    rounded = {"ours": np.round(mine, 8).tolist(), "theirs": np.round(others, 8).tolist()}
    return {**rounded, "covariance": _rounded(covariance), "queries": count}


def _rounded(covariance: Floats) -> list[list[float]]:
    return [[float(f"{value:.4g}") for value in row] for row in covariance]


def _searches(test: Examples) -> Floats:
    """Return how often each list was searched."""
    found = np.zeros(len(group_sizes(test.group)))
    np.maximum.at(found, group_numbers(test.group), test.evidence.astype(np.float64))
    return found


def _a_day(test: Examples, starts: Whole, searches: Floats) -> float:
    """Return the searches of a day: those of the lists of a cut over the days of its window, as a mean over cuts."""
    days = (test.window_end[starts] - test.window_start[starts]).astype(np.int64)
    return float((searches / np.maximum(1, days)).sum() / len(np.unique(test.window_end[starts])))
