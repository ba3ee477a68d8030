"""Drift: whether features, labels and scores are distributed as they were when the champion was trained.

The population stability index (PSI; Siddiqi, "Credit Risk Scorecards", 2006, chapter 10) compares the shares of bins:
the sum of (now - then) * ln(now / then). The bins are the deciles of the champion's time, and one for missing values.
Below .1 nothing has changed, from .25 on the change is major; between them it is moderate. Between samples of the same
distribution the index is about (1 / n + 1 / m) times a chi-square variable with bins - 1 degrees of freedom (Yurdakul,
"Statistical Properties of Population Stability Index", 2018). Only a change that exceeds its 99.9 % quantile is called
one, so small samples raise no alarm.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from ranking.training.evaluation import CHAMPION, OURS, WARM, Scores
from ranking.training.matrices import Examples, Floats

BINS = 10
MODERATE, MAJOR = 0.1, 0.25
STEADY_WORD, MODERATE_WORD, MAJOR_WORD = "steady", "moderate", "major"
SURE = 0.999
LEAST_COUNT = 0.5
"""An empty bin counts as so many rows, because the index is infinite otherwise."""
MOST_FEATURES = 100
"""So many of the features with the most gain are compared."""
LABEL, SCORE = "label", "score"

Distribution = Mapping[str, Sequence[float]]
"""`edges` of the bins, without the ends, and `counts` of the bins; the last count is that of missing values."""


def distribution(values: Floats, edges: Sequence[float] | None = None) -> dict[str, list[float]]:
    """Return how often values lie in each bin. Without edges, the bins are deciles; equal deciles are one bin."""
    known = values[np.isfinite(values)]
    if edges is None:
        edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)).tolist() if len(known) else []
    counts = np.bincount(np.searchsorted(np.asarray(edges), known, side="left"), minlength=len(edges) + 1)
    return {
        "edges": [float(edge) for edge in edges],
        "counts": [*map(int, counts), int(len(values) - len(known))],
    }


def stability_index(then: Sequence[float], now: Sequence[float]) -> tuple[float, float]:
    """Return the population stability index of two lists of counts, and what chance alone would hardly exceed."""
    before, after = (np.asarray(counts, dtype=np.float64) for counts in (then, now))
    used = (before + after) > 0
    shares = [np.maximum(counts[used], LEAST_COUNT) / counts.sum() for counts in (before, after)]
    index = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    freedom = max(1, int(used.sum()) - 1)
    return index, float(stats.chi2.ppf(SURE, freedom)) * (1 / before.sum() + 1 / after.sum())


def judge(index: float, chance: float) -> str:
    """Return how much a distribution has changed."""
    if index < MODERATE or index <= chance:
        return STEADY_WORD
    return MAJOR_WORD if index >= MAJOR else MODERATE_WORD


def of_run(
    train: Examples, gain: Mapping[str, float], scores: Scores, champion_metrics: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a registry row says: the distributions of its own time, and what changed since the champion's."""
    then = champion_metrics.get("distributions") if CHAMPION in scores else None
    return {
        "distributions": distributions(train, gain, scores[OURS][WARM]),
        "drift": against(then, train, scores[CHAMPION][WARM]) if then else None,
    }


def distributions(train: Examples, gain: Mapping[str, float], scores: Floats) -> dict[str, Any]:
    """Return the distributions that a later night is compared with, if this ranker becomes the champion.

    Of its training data: the label, and the features with the most gain; of the test part: its scores.
    """
    names = sorted((name for name in gain if gain[name] > 0), key=lambda name: (-gain[name], name))[:MOST_FEATURES]
    return {
        LABEL: distribution(train.grade),
        SCORE: distribution(scores),
        "features": {name: distribution(train.feature(name)) for name in names},
    }


def against(champion: Mapping[str, Any], train: Examples, scores: Floats) -> list[dict[str, Any]]:
    """Return what changed since the champion was trained, the largest change first.

    Args:
        champion: What `distributions` returned for the champion.
        train: The training data of tonight.
        scores: The champion's scores on the test part of tonight.

    Returns:
        For each distribution its kind, name, index, word, and shares of missing values.
    """
    found = [_compared(*each) for each in _pairs(champion, train, scores)]
    return sorted((each for each in found if each), key=lambda each: (-each["index"], each["name"]))


def count_major(found: Sequence[Mapping[str, Any]] | None) -> int | None:
    """Return how many distributions had a major change; None if nothing was compared."""
    return None if found is None else sum(each["change"] == MAJOR_WORD for each in found)


def _pairs(
    champion: Mapping[str, Any], train: Examples, scores: Floats
) -> Iterator[tuple[str, str, Distribution, Floats]]:
    yield LABEL, LABEL, champion[LABEL], train.grade
    yield SCORE, SCORE, champion[SCORE], scores
    for name, then in champion["features"].items():
        yield "feature", name, then, train.feature(name)


def _compared(kind: str, name: str, then: Distribution, values: Floats) -> dict[str, Any]:
    """Return a comparison; an empty one if either side has no row."""
    before, after = then["counts"], distribution(values, then["edges"])["counts"]
    if not sum(before) or not sum(after):
        return {}
    index, chance = stability_index(before, after)
    missing = [round(counts[-1] / sum(counts), 6) for counts in (before, after)]
    return {
        "kind": kind, "name": name, "index": round(index, 6), "change": judge(index, chance),
        "missing_then": missing[0], "missing_now": missing[1],
    }  # fmt: skip
