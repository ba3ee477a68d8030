"""The gate: may this ranker replace what ranks now? One verdict, one sentence.

The *fresh* door: same recipe, newer data. It opens when the ranker is not worse, by the 95 % interval of the
paired difference a query, and no guarded view lost much. What it cannot tell it says, and promotes nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ranking.training import metrics
from ranking.training.evaluation import COLD, MIXED, WARM
from ranking.training.matrices import Floats

MARGIN = 0.005  # nDCG@10 that a fresh ranker may lose, by the lower 95 % bound
GUARD = 0.02  # nDCG@10 that a guarded view may lose
WORTHWHILE = 0.02  # the true gain at which the power is stated
POWER, Z_BOUND, Z_POWER = 0.8, 1.96, 0.8416  # the design's least power, and the normal quantiles of both
NAMES = {"exam": "exam grades", "behaviour": "later behaviour", "label": "labels"}


@dataclass(frozen=True)
class Verdict:
    """The gate's word. `difference` is nDCG@10 against the rival; absent where nothing was compared."""

    promoted: bool
    sentence: str
    yardstick: str | None = None
    rival: str | None = None
    difference: metrics.Interval | None = None
    power: float | None = None


def cannot_train(what_is_missing: str) -> Verdict:
    """Nothing was trained; the sentence says what is missing."""
    return Verdict(False, what_is_missing)


def choose_yardsticks(queries: Mapping[str, int], at_least: int) -> list[str]:
    """The yardsticks that have enough queries to judge, exam before behaviour. Labels are never asked."""
    return [name for name in ("exam", "behaviour") if queries.get(name, 0) >= at_least]


def combine(first: Verdict, second: Verdict) -> Verdict:
    """The verdict on a first ranker, which has no champion to protect, from two yardsticks.

    Few graded queries often cannot tell. Then later behaviour, which judges many queries but only pairs with
    traffic, may promote, so long as the grades' own estimate does not speak against it.
    """
    unsure = not first.promoted and first.difference is not None and first.difference.high >= -MARGIN
    if not unsure or not second.promoted or first.difference is None or first.difference.mean < -MARGIN:
        return first
    grades = f"{NAMES[first.yardstick or 'exam']} say {_signed(first.difference)} on {first.difference.count} queries"
    return replace(second, sentence=f"{second.sentence.rstrip('.')}; {grades}.")


def judge(yardstick: str, rival: str, ours: Mapping[str, Floats], theirs: Mapping[str, Floats], seed: int) -> Verdict:
    """Compare nDCG@10 a query, by view (`warm` decides, the others are guarded where the rival has them)."""
    both = ours[WARM] - theirs[WARM]
    found = metrics.interval(both, seed)
    spread = float(np.nanstd(both, ddof=1)) if found.count > 1 else math.inf
    power = _power(spread, found.count)
    against = f"against {rival.replace('_', ' ')} on {found.count} queries"
    said = f"nDCG@10 by {NAMES[yardstick]} {_signed(found)} {against}"
    worse = [view for view in (MIXED, COLD) if view in theirs and _lost(ours[view], theirs[view]) > GUARD]
    if found.low > -MARGIN and not worse:
        return Verdict(True, f"Promoted: {said}.", yardstick, rival, found, power)
    if found.high < -MARGIN:
        sentence = f"Refused: {said}, which is worse."
    elif found.low > -MARGIN:
        sentence = f"Refused: {said}, but {' and '.join(worse)} lost more than {GUARD}."
    else:
        needed = _queries_needed(spread)
        sentence = f"Cannot tell: {said}; at least {needed} queries are needed to tell {WORTHWHILE}."
    return Verdict(False, sentence, yardstick, rival, found, power)


def _signed(found: metrics.Interval) -> str:
    return f"{found.mean:+.3f} (95 %: {found.low:+.3f} to {found.high:+.3f})"


def _lost(ours: Floats, theirs: Floats) -> float:
    differences = (theirs - ours)[~np.isnan(theirs - ours)]
    return float(differences.mean()) if len(differences) else 0.0


def _power(spread: float, count: int) -> float | None:
    """The chance that a true gain of `WORTHWHILE` passes the door with this many queries and this spread."""
    if count < 2:
        return None
    if spread == 0:
        return 1.0
    distance = (WORTHWHILE + MARGIN) * math.sqrt(count) / spread - Z_BOUND
    return round(0.5 * (1 + math.erf(distance / math.sqrt(2))), 4)


def _queries_needed(spread: float) -> str:
    if not math.isfinite(spread):
        return "more"
    return str(max(2, math.ceil(((Z_BOUND + Z_POWER) * spread / (WORTHWHILE + MARGIN)) ** 2)))
