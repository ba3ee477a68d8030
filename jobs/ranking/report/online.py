"""What to expect online, as a section of the report: long clicks, the loss of shipping, and the size of an A/B test."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ranking.report.page import facts, grid, section
from ranking.training import differences
from ranking.training.evaluation import TITLES
from ranking.training.metrics import Interval
from ranking.training.online import ALPHA, POWER, Belief, sample_size, share_with_any
from ranking.training.placed_rates import PLACES, expect

ANY_DEVICE = "all"
ETA = 0.7
"""Where no curve is known, place k has the propensity k^-0.7."""
CHANGES = (0.01, 0.02, 0.05)
"""Relative changes for which a test's size is shown beside that of the change seen."""
MOST_DAYS = 3650
A_SEARCH = (
    "A search is one client that searches for a query on one day. Its expected long clicks are the sum over the first "
    f"{PLACES} places, as far as searches show them, of propensity times the smoothed long-click rate of the item."
)
HOW = (
    f"A two-sided z-test at {ALPHA:.0%} with {POWER:.0%} power (Fleiss, Levin and Paik, 2003) of the share of searches "
    "with at least one long click, half of all searches in each arm. Assign clients, not searches, and run whole weeks."
)


@dataclass(frozen=True)
class Expected:
    """The expected long clicks per search by both orders, what we believe of their difference, and the traffic.

    `seen` are the long clicks per search in the test window, by the order that was served then.
    """

    ours: float
    theirs: float
    difference: Belief
    seen: float
    searches_a_day: float
    sources: tuple[str, ...]


def online(results: Mapping[str, Any], propensities: Sequence[Mapping[str, Any]]) -> str:
    """Return the section, or an empty text for a row without it: no rival, no searches, or an earlier version."""
    found = results.get("online")
    if not found or not found["applications"]:
        return ""
    expected, rival = expected_of(found["applications"], propensities), TITLES[found["rival"]]
    body = f"<p>{A_SEARCH}</p>{facts(_expectations(expected, rival) | _by_yardstick(results))}"
    return section("What to expect online", f"{body}<h3>An A/B test of it</h3><p>{HOW}</p>{_sizes(expected)}")


def expected_of(applications: Sequence[Mapping[str, Any]], propensities: Sequence[Mapping[str, Any]]) -> Expected:
    """Return what to expect of all applications together, each weighted by its searches."""
    total = sum(each["searches_a_day"] for each in applications)
    ours = theirs = variance = seen = 0.0
    sources = []
    for each in applications:
        curve, source = curve_of(each["application"], propensities)
        mine, others, error = expect(each, curve)
        share = each["searches_a_day"] / total
        ours, theirs, variance = ours + share * mine, theirs + share * others, variance + (share * error) ** 2
        seen += share * each["seen"]
        sources.append(source)
    return Expected(
        ours, theirs, Belief(ours - theirs, math.sqrt(variance)), seen, total, tuple(dict.fromkeys(sources))
    )


def curve_of(application: str, propensities: Sequence[Mapping[str, Any]]) -> tuple[list[float], str]:
    """Return the propensities of an application at places 1 to `PLACES`, and where they come from."""
    known = {
        int(row["position"]): row
        for row in propensities
        if row["application"] == application and row["device"] == ANY_DEVICE
    }
    places = range(1, PLACES + 1)
    if not all(place in known for place in places):
        return [place**-ETA for place in places], f"assumed, k^-{ETA:g} at place k"
    first = known[1]
    return [float(known[place]["propensity"]) for place in places], f"{first['source']}, of {first['day']}"


def _expectations(found: Expected, rival: str) -> dict[str, str]:
    low, high = found.difference.interval()
    return {
        f"Long clicks, {rival}": f"{found.theirs:.4f} per search",
        "Long clicks, this ranker": f"{found.ours:.4f} per search",
        "Long clicks, served": f"{found.seen:.4f} per search, as seen in the test window",
        "Change": f"{_relative(found.difference.mean, found)} (95 %: {_relative(low, found)} to "
        f"{_relative(high, found)})",
        "Probability of a gain": _probability(found.difference.is_better),
        "Loss of shipping": f"{1000 * found.difference.loss_of_shipping:.2f} long clicks per 1,000 searches, expected",
        "Loss of keeping": f"{1000 * found.difference.loss_of_keeping:.2f} long clicks per 1,000 searches, expected",
        "With a long click": f"{share_with_any(found.theirs):.1%} of searches ({rival}), if their number is Poisson",
        "Traffic": f"{found.searches_a_day:,.0f} searches a day in the test window",
        "Propensities": "; ".join(found.sources),
    }


def _by_yardstick(results: Mapping[str, Any]) -> dict[str, str]:
    """Return the loss of shipping in nDCG@10 by the yardstick that decided, from the mean and interval of the gate."""
    decided = results.get("gate", {}).get("difference")
    if not decided or decided["count"] < 2:
        return {}
    between = Interval(**decided)
    loss = Belief(between.mean, differences.error_of(between)).loss_of_shipping
    return {"Loss of shipping, by the verdict": f"{loss:.5f} nDCG@10, expected"}


def _probability(share: float) -> str:
    return "over 99%" if share > 0.99 else "under 1%" if share < 0.01 else f"{share:.0%}"


def _relative(change: float, found: Expected) -> str:
    return f"{change / found.theirs:+.1%}" if found.theirs else "not known"


def _sizes(found: Expected) -> str:
    if found.theirs <= 0:
        return "<p>Without a long click there is nothing to test.</p>"
    seen = found.difference.mean / found.theirs
    wanted = {f"{seen:+.1%}\nas expected": seen, **{f"{change:+.0%}": change for change in CHANGES}}
    rows = [[name, *_size(found, change)] for name, change in wanted.items()]
    return grid(["change in long clicks", "searches per arm", "days"], rows, whole=True)


def _size(found: Expected, change: float) -> tuple[str, str]:
    one, other = (share_with_any(clicks) for clicks in (found.theirs, found.theirs * (1 + change)))
    size = sample_size(one, other)
    if size is None:
        return "no size is enough", "never"
    days = math.ceil(2 * size / found.searches_a_day)
    return f"{size:,}", f"{days:,}" if days <= MOST_DAYS else "over ten years"
