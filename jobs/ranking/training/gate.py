"""The gate decides whether a new ranker may replace the current one. Its verdict is one sentence.

A ranker of the same recipe on newer data is promoted if two conditions hold. First, it is not worse: the lower bound of
the 95 % interval of the mean paired difference per query is above -MARGIN. Second, no guarded view lost more than
GUARD. If the interval is too wide to decide, the verdict says so and nothing is promoted.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ranking.training import metrics
from ranking.training.evaluation import COLD, MIXED, WARM
from ranking.training.matrices import Floats

MARGIN = 0.005  # how much nDCG@10 the lower 95 % bound may lose
GUARD = 0.02  # how much nDCG@10 a guarded view may lose
WORTHWHILE = 0.02  # the true gain in nDCG@10 for which the power is stated
POWER, Z_BOUND, Z_POWER = 0.8, 1.96, 0.8416  # wanted power, and the normal quantiles of the 95 % bound and of the power
NAMES = {"exam": "exam grades", "behaviour": "later behaviour", "label": "labels"}


@dataclass(frozen=True)
class Verdict:
    """The verdict of the gate. `difference` is the gain in nDCG@10 over the rival; None if nothing was compared.

    `power` is the probability that a true gain of `WORTHWHILE` passes; None with fewer than two queries.
    """

    promoted: bool
    sentence: str
    yardstick: str | None = None
    rival: str | None = None
    difference: metrics.Interval | None = None
    power: float | None = None


def cannot_train(what_is_missing: str) -> Verdict:
    """Return the verdict that nothing is promoted because something is missing, which the sentence names."""
    return Verdict(False, what_is_missing)


def choose_yardsticks(queries: Mapping[str, int], at_least: int) -> list[str]:
    """Return the yardsticks with at least `at_least` queries, exam before behaviour. Labels never judge."""
    return [name for name in ("exam", "behaviour") if queries.get(name, 0) >= at_least]


def combine(first: Verdict, second: Verdict) -> Verdict:
    """Combine the verdicts of exam grades (`first`) and behaviour (`second`) on a first ranker, without a champion.

    A few graded queries often cannot decide. Then behaviour may promote the ranker, as it judges many queries, though
    only pairs with traffic. The mean difference by grades must not be below -MARGIN.
    """
    unsure = not first.promoted and first.difference is not None and first.difference.high >= -MARGIN
    if not unsure or not second.promoted or first.difference is None or first.difference.mean < -MARGIN:
        return first
    grades = f"{NAMES[first.yardstick or 'exam']} say {_signed(first.difference)} on {first.difference.count} queries"
    return replace(second, sentence=f"{second.sentence.rstrip('.')}; {grades}.")


def judge(yardstick: str, rival: str, ours: Mapping[str, Floats], theirs: Mapping[str, Floats], seed: int) -> Verdict:
    """Compare nDCG@10 per query and view. The view `warm` decides; the others are guarded if the rival has them.

    The arrays have one value per query, in the same order for both rankers, and NaN for queries that cannot be judged.
    """
    difference = ours[WARM] - theirs[WARM]
    found = metrics.interval(difference, seed)
    spread = float(np.nanstd(difference, ddof=1)) if found.count > 1 else math.inf
    power = _power(spread, found.count)
    against = f"against {rival.replace('_', ' ')} on {found.count} queries"
    result = f"nDCG@10 by {NAMES[yardstick]} {_signed(found)} {against}"
    worse = [view for view in (MIXED, COLD) if view in theirs and _lost(ours[view], theirs[view]) > GUARD]
    if found.low > -MARGIN and not worse:
        return Verdict(True, f"Promoted: {result}.", yardstick, rival, found, power)
    if found.high < -MARGIN:
        sentence = f"Refused: {result}, which is worse."
    elif found.low > -MARGIN:
        sentence = f"Refused: {result}, but {' and '.join(worse)} lost more than {GUARD}."
    else:
        needed = _queries_needed(spread)
        sentence = f"Cannot tell: {result}; at least {needed} queries are needed to detect a gain of {WORTHWHILE}."
    return Verdict(False, sentence, yardstick, rival, found, power)


def settle(verdict: Verdict, same: str | None, held: str | None) -> Verdict:
    """Return the final verdict of a trained ranker: it is not promoted if it is nothing new, or if a champion is held.

    Args:
        verdict: The verdict by the metrics.
        same: What the ranker is the same as, as the end of a sentence; None if it is new.
        held: Why the champion stays whatever the metrics say; None if the gate may decide.
    """
    if same is not None:
        verdict = replace(verdict, promoted=False, sentence=f"Unchanged: {same}.")
    if held is not None:
        verdict = replace(verdict, promoted=False, sentence=f"Held: {held}. Without this decision: {verdict.sentence}")
    return verdict


def _signed(found: metrics.Interval) -> str:
    return f"{found.mean:+.3f} (95 %: {found.low:+.3f} to {found.high:+.3f})"


def _lost(ours: Floats, theirs: Floats) -> float:
    """Return the mean loss of nDCG@10 over the queries that both rankers can be judged by."""
    differences = (theirs - ours)[~np.isnan(theirs - ours)]
    return float(differences.mean()) if len(differences) else 0.0


def _power(spread: float, count: int) -> float | None:
    """Return the probability that a true gain of `WORTHWHILE` passes, None with fewer than two queries.

    `spread` is the standard deviation of the difference per query. The mean difference counts as normally distributed.
    """
    if count < 2:
        return None
    if spread == 0:
        return 1.0
    distance = (WORTHWHILE + MARGIN) * math.sqrt(count) / spread - Z_BOUND
    return round(0.5 * (1 + math.erf(distance / math.sqrt(2))), 4)


def _queries_needed(spread: float) -> str:
    """Return as text how many queries give the power `POWER`: ((z_bound + z_power) * spread / distance)^2."""
    if not math.isfinite(spread):
        return "more"
    return str(max(2, math.ceil(((Z_BOUND + Z_POWER) * spread / (WORTHWHILE + MARGIN)) ** 2)))
