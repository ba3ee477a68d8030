"""Which pairs people should grade next: some spread over all kinds of pairs, and whole lists of exam queries.

Grades of pairs teach labels; they are worth most if they are spread over traffic and estimated grade, with known
chances. Grades of whole lists judge rankers, so they are drawn from exam queries alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

TRAFFIC_BANDS = (1, 10, 100)
"""Impressions from which the next band of traffic begins."""
GRADES = 4
"""Bands of the estimated grade: 0-1, 1-2, 2-3, 3-4."""


@dataclass(frozen=True)
class Draw:
    """Drawn pairs as places in the arrays that were given, in ascending order, each with its chance to be drawn."""

    places: Whole
    chances: Numbers


def spread_pairs(evidence: Whole, grade: Numbers, count: int, seed: int) -> Draw:
    """Draw `count` pairs as evenly as possible over the bands of traffic and estimated grade.

    `evidence` are impressions, `grade` are estimates from 0 to 4. A band with too few pairs is drawn whole, and the
    others share what is left. Within a band all pairs have the same chance.
    """
    band = np.digitize(evidence, TRAFFIC_BANDS) * GRADES + np.clip(grade.astype(np.int64), 0, GRADES - 1)
    names, sizes = np.unique(band, return_counts=True)
    rng = np.random.default_rng(seed)
    places, chances = [np.empty(0, np.int64)], [np.empty(0)]
    for name, size, quota in zip(names, sizes, even_quotas(sizes, count), strict=True):
        places.append(rng.choice(np.flatnonzero(band == name), quota, replace=False))
        chances.append(np.full(quota, quota / size))
    found = np.concatenate(places)
    order = np.argsort(found)
    return Draw(found[order], np.concatenate(chances)[order])


def even_quotas(sizes: Sequence[int] | Whole, count: int) -> list[int]:
    """Share `count` out over groups of these sizes as evenly as possible, and no group more than it has."""
    quotas = [0] * len(sizes)
    left = min(count, int(sum(sizes)))
    for done, place in enumerate(sorted(range(len(sizes)), key=lambda at: (int(sizes[at]), at))):
        quotas[place] = min(int(sizes[place]), left // (len(sizes) - done))
        left -= quotas[place]
    return quotas


def draw_lists(queries: Sequence[str], count: int, seed: int) -> list[str]:
    """Draw `count` of the queries, all with the same chance, in a stable order."""
    names = sorted(set(queries))
    chosen = np.random.default_rng(seed).choice(len(names), min(count, len(names)), replace=False)
    return [names[place] for place in sorted(chosen.tolist())]
