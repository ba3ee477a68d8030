"""How well labels order the items of a query, and how well they are calibrated."""

from __future__ import annotations

import math

import numpy as np

from ranking.training.matrices import Flags, Floats, Whole

BINS = 10
ENOUGH = 10
"""Pairs with at least this many impressions form one band, the others another."""


def pair_ratio(label: Floats, grade: Floats, group: Whole) -> float:
    """Return concordant over discordant pairs (PNR, Zou et al., KDD 2021): pairs of a group with different grades.

    Pairs with equal labels do not count. It is infinite if no pair is discordant. Rows of a group are contiguous.
    """
    concordant = discordant = 0
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    for rows in np.split(np.arange(len(group)), starts[1:]):
        higher = grade[rows][:, None] > grade[rows][None, :]
        difference = label[rows][:, None] - label[rows][None, :]
        concordant += int((higher & (difference > 0)).sum())
        discordant += int((higher & (difference < 0)).sum())
    return concordant / discordant if discordant else math.inf


def calibration_error(label: Floats, grade: Floats) -> float:
    """Return the mean distance of label and grade over ten bins of equal size, less what chance alone makes.

    A perfect label would also differ from the mean grade of a bin, by about the bin's standard error times the mean
    absolute value of a normal variable. NaN if there are fewer pairs than bins.
    """
    if len(label) < BINS:
        return math.nan
    order = np.argsort(label, kind="stable")
    distance = chance = 0.0
    for rows in np.array_split(order, BINS):
        error = grade[rows] - label[rows]
        distance += abs(float(error.mean())) * len(rows)
        chance += math.sqrt(2 / math.pi * float(error.var()) / len(rows)) * len(rows)
    return (distance - chance) / len(label)


def bands(evidence: Floats) -> dict[str, Flags]:
    """Return which pairs have enough impressions, and which have fewer."""
    return {"enough": evidence >= ENOUGH, "few": evidence < ENOUGH}
