"""The click curve from pairs that were seen at several positions: a multinomial likelihood.

Given a unit's clicks, each fell on place k with probability n_k theta_k / sum_j n_j theta_j, where n counts its
impressions and theta is the propensity; the unit's attraction cancels. The log curve minimises the negative log
likelihood plus a penalty that draws it towards a prior curve (its shape more than its level, so that a place without
data follows its neighbours). Intervals are 95 %, from a sandwich that takes each query as one observation.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ranking.propensity import positions

Numbers = npt.NDArray[np.float64]
SHAPE_SD, LEVEL_SD = 0.15, 1.0  # of the log curve's distance from the prior: from place to place, and as a whole
STEPS, CLOSE = 30, 1e-10
PLACE_OF = {place: index for index, place in enumerate(positions.PLACES)}


@dataclass(frozen=True)
class Curve:
    """Log propensities (0 at place 1) and the 95 % bounds of the propensities."""

    log_propensity: Numbers
    low: Numbers
    high: Numbers


@dataclass(frozen=True)
class Table:
    """Impressions and clicks, one row a unit, one column a place; `device` and `cluster` of each unit."""

    impressions: Numbers
    clicks: Numbers
    device: npt.NDArray[np.object_]
    cluster: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: pd.DataFrame, day: int) -> "Table":
        """From counted rows (unit, position, impressions, click_known ...); clicks known by `day` alone count."""
        _, first, unit = np.unique(rows["unit"].to_numpy(np.int64), return_index=True, return_inverse=True)
        place = rows["position"].map(PLACE_OF).to_numpy(np.int64)
        count = rows["impressions"].to_numpy(float)
        clicked = count * (rows["click_known"].to_numpy(np.int64) <= day)
        shape = (len(first), len(PLACE_OF))
        cell = unit * shape[1] + place
        shown, clicks = (_filled(cell, weight, shape) for weight in (count, clicked))
        device = rows["device"].to_numpy(object)[first]
        cluster = rows["cluster"].to_numpy(np.int64)[first]
        return cls(shown, clicks, device, cluster)._where((clicks.sum(1) > 0) & ((shown > 0).sum(1) > 1))

    @property
    def clicks_used(self) -> int:
        """Clicks of the units that compare places."""
        return int(self.clicks.sum())

    def of_device(self, device: str) -> "Table":
        """The units of one device."""
        return self._where(self.device == device)

    def _where(self, kept: npt.NDArray[np.bool_]) -> "Table":
        return Table(self.impressions[kept], self.clicks[kept], self.device[kept], self.cluster[kept])


def _filled(cell: npt.NDArray[np.int64], weight: Numbers, shape: tuple[int, int]) -> Numbers:
    """A table of `shape` with the weights of each cell (row by row) summed."""
    sums: Numbers = np.bincount(cell, weight, shape[0] * shape[1]).astype(np.float64)
    return sums.reshape(shape)


def assumed(eta: float = positions.ETA) -> Numbers:
    """The log of k^-eta at every place and band."""
    curve: Numbers = -eta * np.log(np.array(positions.MIDDLES))
    return curve


def assumed_curve() -> Curve:
    """What is published where nothing identifies the curve; its width is that of eta from 0.4 to 1.2."""
    return Curve(assumed(), np.exp(assumed(positions.ETA_MOST)), np.exp(assumed(positions.ETA_LEAST)))


def fit(table: Table, prior: Numbers) -> Curve:
    """The penalised maximum by Newton's method; the prior itself where the table is empty."""
    curve, penalty = prior.copy(), _penalty(len(prior))
    for _ in range(STEPS):
        gradient, information, _ = _likelihood(table, curve)
        step = _solve(information + penalty, gradient - penalty @ (curve - prior))
        curve = curve + step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < CLOSE:
            break
    return _with_bounds(table, curve, penalty)


def _likelihood(table: Table, curve: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Gradient and information of the log likelihood, and the score of each unit."""
    expected = table.impressions * np.exp(curve)
    share = expected / expected.sum(1, keepdims=True)
    clicks = table.clicks.sum(1, keepdims=True)
    scores = table.clicks - clicks * share
    information = np.diag((clicks * share).sum(0)) - (share * clicks).T @ share
    return scores.sum(0), information, scores


def _penalty(places: int) -> Numbers:
    """Of the distance from the prior: its steps between neighbours and, weakly, its level."""
    steps = np.diff(np.eye(places), axis=0)
    return steps.T @ steps / SHAPE_SD**2 + np.eye(places) / LEVEL_SD**2


def _solve(matrix: Numbers, right: Numbers) -> Numbers:
    """With the first place held: propensities are relative to it."""
    result = np.zeros_like(right)
    result[1:] = np.linalg.solve(matrix[1:, 1:], right[1:])
    return result


def _with_bounds(table: Table, curve: Numbers, penalty: Numbers) -> Curve:
    """Variance of data (clustered by query) and of the penalty, as if the prior were data too."""
    _, information, scores = _likelihood(table, curve)
    _, query = np.unique(table.cluster, return_inverse=True)
    summed = np.stack([np.bincount(query, scores[:, k]) for k in range(scores.shape[1])], axis=1)
    inverse = np.linalg.inv((information + penalty)[1:, 1:])
    variance = inverse @ ((summed.T @ summed) + penalty)[1:, 1:] @ inverse
    spread = np.concatenate([[0.0], 1.96 * np.sqrt(np.diag(variance))])
    return Curve(curve, np.exp(curve - spread), np.exp(curve + spread))
