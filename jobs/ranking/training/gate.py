"""The gate decides whether a new ranker may replace the current one. Its verdict is one sentence.

Two doors. A ranker of the champion's own recipe on newer data passes if it is not worse: the lower bound of its paired
difference in nDCG@10 is above -MARGIN. A ranker of another recipe passes if it is better: the bound is above 0 and the
mean at least LEAST_GAIN. In addition no guarded view and no segment of queries may have lost more than GUARD, and the
ranker must not be worse than any anchor: the logged order, and the champion of a quarter ago. The anchors keep small
losses from adding up over many nights.

A bound is wrong with a probability of ALPHA / LOOKS, because the gate looks at new test days about LOOKS times in a
quarter, and ALPHA is what may go wrong in a quarter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ranking.training import metrics
from ranking.training.differences import Difference
from ranking.training.scheme import IGNORE_TIME

MARGIN = 0.005  # how much nDCG@10 the lower bound may lose
LEAST_GAIN = 0.01  # how much nDCG@10 a ranker of another recipe must gain
GUARD = 0.02  # how much nDCG@10 a guarded view or segment may lose
SEGMENTS_ALPHA = 0.05  # error probability of one look: that chance alone makes any segment of an equal ranker refuse it
WORTHWHILE = 0.02  # the true gain in nDCG@10 for which the power is stated
ALPHA, LOOKS = 0.05, 13  # error probability of a quarter, and its weeks: weekly cuts give new test days once a week
POWER = 0.8  # wanted power
NAMES = {"exam": "exam grades", "behaviour": "later behaviour", "label": "labels"}


@dataclass(frozen=True)
class Comparison:
    """A ranker beside its rival, by one yardstick.

    `difference` is in nDCG@10 with all features known. `lost` are the mean losses of the guarded views, None for a view
    that nothing can judge. `segments` are the differences on the segments with enough queries, by name. `anchors` are
    the differences from rankers that must not be undercut. `same_recipe` says whether the rival was trained by the same
    recipe, or is none. `remark` is added to the sentence.
    """

    yardstick: str
    rival: str
    difference: Difference
    lost: Mapping[str, float | None] = field(default_factory=dict)
    segments: Mapping[str, Difference] = field(default_factory=dict)
    anchors: Mapping[str, Difference] = field(default_factory=dict)
    same_recipe: bool = True
    remark: str = ""

    @property
    def least(self) -> float:
        """The value that the lower bound must exceed."""
        return -MARGIN if self.same_recipe else 0.0


@dataclass(frozen=True)
class Verdict:
    """The verdict of the gate. `difference` is the gain in nDCG@10 over the rival; None if nothing was compared.

    `bound` is the lower bound that decided. `power` is the probability that a true gain of `WORTHWHILE` passes; None
    with fewer than two queries.
    """

    promoted: bool
    sentence: str
    yardstick: str | None = None
    rival: str | None = None
    difference: metrics.Interval | None = None
    power: float | None = None
    bound: float | None = None


def cannot_train(what_is_missing: str) -> Verdict:
    """Return the verdict that nothing is promoted because something is missing, which the sentence names."""
    return Verdict(False, what_is_missing)


def choose_yardsticks(queries: Mapping[str, int], at_least: int) -> list[str]:
    """Return the yardsticks with at least `at_least` queries, exam before behaviour. Labels never judge."""
    return [name for name in ("exam", "behaviour") if queries.get(name, 0) >= max(1, at_least)]


def combine(first: Verdict, second: Verdict) -> Verdict:
    """Combine the verdicts of exam grades (`first`) and behaviour (`second`) on a first ranker, without a champion.

    A few graded queries often cannot decide. Then behaviour may promote the ranker, as it judges many queries, though
    only pairs with traffic. The mean difference by grades must not be below -MARGIN.
    """
    unsure = not first.promoted and first.difference is not None and first.difference.high >= -MARGIN
    if not unsure or not second.promoted or first.difference is None or first.difference.mean < -MARGIN:
        return first
    grades = f"{NAMES[first.yardstick or 'exam']} say {signed(first.difference)} on {first.difference.count} queries"
    return replace(second, sentence=f"{second.sentence.rstrip('.')}; {grades}.")


def judge(found: Comparison) -> Verdict:
    """Return the verdict on a comparison."""
    interval, bound = found.difference.interval(), found.difference.above(ALPHA / LOOKS)
    against = f"against {found.rival.replace('_', ' ')} on {interval.count} queries"
    result = f"nDCG@10 by {NAMES[found.yardstick]} {signed(interval)} {against}{found.remark}"
    word, reason = _decide(found, interval, bound)
    power = found.difference.power(WORTHWHILE, found.least, ALPHA / LOOKS)
    sentence = f"{word}: {result}{reason}."
    return Verdict(word == "Promoted", sentence, found.yardstick, found.rival, interval, power, round(bound, 6))


def lost_segments(segments: Mapping[str, Difference]) -> dict[str, float]:
    """Return the segments that lost too much, each with its mean loss.

    A segment lost too much if its mean loss is above GUARD and the upper bound of its difference is below 0. The bound
    is wrong with a probability of SEGMENTS_ALPHA over the number of segments (Bonferroni), so chance alone refuses an
    equal ranker in at most 5 % of the looks, however many segments there are.
    """
    each = SEGMENTS_ALPHA / max(1, len(segments))
    return {name: -found.mean for name, found in segments.items() if found.mean < -GUARD and found.below(each) < 0}


def trust(verdict: Verdict, scheme: str, trains_later: bool) -> Verdict:
    """Return the verdict, but promote nothing if the split trains on the days that it tests on, or only later ones.

    `trains_later` says that a training window ends after all windows of the test, as a query with a single list may.
    """
    if scheme in IGNORE_TIME:
        why = f"the split is {scheme} and ignores time, so the ranker was trained on the days that it is tested on"
    elif trains_later:
        why = "the newest lists are in the training and not in the test"
    else:
        return verdict
    advice = "set split.scheme in search.yaml to global_temporal"
    return replace(verdict, promoted=False, sentence=f"Cannot tell: {why}; {advice}. Without this: {verdict.sentence}")


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


def signed(found: metrics.Interval) -> str:
    """Return a difference with its 95 % interval as text."""
    return f"{found.mean:+.3f} (95 %: {found.low:+.3f} to {found.high:+.3f})"


def _decide(found: Comparison, interval: metrics.Interval, bound: float) -> tuple[str, str]:
    """Return the first word of the verdict, and the reason that ends its sentence."""
    if interval.high < -MARGIN:
        return "Refused", ", which is worse"
    if not bound > found.least:
        return "Cannot tell", _unsure(found, bound)
    guarded = _guarded(found)
    if guarded is not None:
        return guarded
    if not found.same_recipe and interval.mean < LEAST_GAIN:
        return "Refused", f", but another recipe must gain at least {LEAST_GAIN}"
    return _beside_anchors(found)


def _guarded(found: Comparison) -> tuple[str, str] | None:
    """Return the word and the reason of the guarded view or segment that lost too much; None if none did."""
    unknown = [view for view, lost in found.lost.items() if lost is None]
    if unknown:
        return "Cannot tell", f", but nothing can judge {' and '.join(unknown)}"
    worse = [view for view, lost in found.lost.items() if lost is not None and lost > GUARD]
    if worse:
        return "Refused", f", but {' and '.join(worse)} lost more than {GUARD}"
    segments = lost_segments(found.segments)
    if segments:
        return "Refused", f", but {' and '.join(f'{name} lost {lost:.3f}' for name, lost in segments.items())}"
    return None


def _unsure(found: Comparison, bound: float) -> str:
    needed = found.difference.queries_for(POWER, WORTHWHILE, found.least, ALPHA / LOOKS)
    reach = f"the bound for a quarter of nights is {bound:+.3f} and must be above {found.least:+.3f}"
    queries = f"at least {needed} queries" if needed else "more queries"
    return f"; {reach}, and {queries} are needed to detect a gain of {WORTHWHILE}"


def _beside_anchors(found: Comparison) -> tuple[str, str]:
    """Promote unless the ranker may be worse than an anchor by more than MARGIN."""
    for name, difference in found.anchors.items():
        if not difference.above(ALPHA / LOOKS) > -MARGIN:
            word = "Refused" if difference.interval().high < -MARGIN else "Cannot tell"
            return word, f", but {signed(difference.interval())} against {name.replace('_', ' ')}"
    return "Promoted", ""
