"""Estimates the propensity curve from pairs that were shown at several positions (intervention harvesting).

A unit is a pair on one device, shown in one way, within one block of days. Given the number of clicks of a unit, each
click falls on position k with probability n_k * theta_k / sum_j(n_j * theta_j), where n_j is its number of impressions
at position j and theta_j is the propensity. The attraction of the pair cancels out, so this multinomial likelihood
depends on the curve alone.

The log curve minimises the negative log likelihood plus a quadratic penalty on its distance from a prior curve. The
penalty is strong on the differences between neighbouring positions and weak on the level, so a position without data
follows its neighbours. The 95 % intervals use a sandwich variance that treats each query as one observation.

"Positions" here are the 20 single positions and the bands of `positions.PLACES`, in that order. The method follows the
idea of Agarwal et al., Estimating Position Bias without Intrusive Interventions (WSDM 2019).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ranking.propensity import positions

Numbers = npt.NDArray[np.float64]
SHAPE_SD, LEVEL_SD = 0.15, 1.0  # prior standard deviations: of each step between neighbours, and of the level
STEPS, CLOSE = 30, 1e-10
PLACE_OF = {place: index for index, place in enumerate(positions.PLACES)}


@dataclass(frozen=True)
class Curve:
    """A propensity curve: log propensities (0 at position 1), and the 95 % bounds of the propensities (not logs).

    Each array has one entry per position.
    """

    log_propensity: Numbers
    low: Numbers
    high: Numbers


@dataclass(frozen=True)
class Table:
    """Impressions and clicks as arrays of shape (units, positions), and the device and cluster of each unit.

    The cluster is a hash of the query.
    """

    impressions: Numbers
    clicks: Numbers
    device: npt.NDArray[np.object_]
    cluster: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "Table":
        """Build the table from rows of counts, keeping the units that compare positions.

        A row needs unit, position, impressions, clicks, device and cluster. A unit is kept if it has a click and was
        shown at more than one position.
        """
        _, first, unit = np.unique(rows["unit"].to_numpy(np.int64), return_index=True, return_inverse=True)
        place = rows["position"].map(PLACE_OF).to_numpy(np.int64)
        shape = (len(first), len(PLACE_OF))
        cell = unit * shape[1] + place
        shown, clicks = (_filled(cell, rows[count].to_numpy(float), shape) for count in ("impressions", "clicks"))
        device = rows["device"].to_numpy(object)[first]
        cluster = rows["cluster"].to_numpy(np.int64)[first]
        return cls(shown, clicks, device, cluster)._where((clicks.sum(1) > 0) & ((shown > 0).sum(1) > 1))

    @property
    def clicks_used(self) -> int:
        """The number of clicks in the table."""
        return int(self.clicks.sum())

    def of_device(self, device: str) -> "Table":
        """Return the table of the units of one device."""
        return self._where(self.device == device)

    def _where(self, kept: npt.NDArray[np.bool_]) -> "Table":
        return Table(self.impressions[kept], self.clicks[kept], self.device[kept], self.cluster[kept])


def _filled(cell: npt.NDArray[np.int64], weight: Numbers, shape: tuple[int, int]) -> Numbers:
    """Sum the weights of each cell and return them as an array of `shape`. Cells are numbered row by row."""
    sums: Numbers = np.bincount(cell, weight, shape[0] * shape[1]).astype(np.float64)
    return sums.reshape(shape)


def assumed(eta: float = positions.ETA) -> Numbers:
    """Return log(k^-eta) for every position k; a band uses the position that stands for it."""
    curve: Numbers = -eta * np.log(np.array(positions.MIDDLES))
    return curve


def assumed_curve() -> Curve:
    """Return the curve k^-0.7, with bounds for eta from 0.4 to 1.2. It is published if the logs identify no curve."""
    return Curve(assumed(), np.exp(assumed(positions.ETA_MOST)), np.exp(assumed(positions.ETA_LEAST)))


def fit(table: Table, prior: Numbers) -> Curve:
    """Fit the curve by Newton's method. `prior` holds log propensities; an empty table returns the prior itself."""
    curve, penalty = prior.copy(), _penalty(len(prior))
    for _ in range(STEPS):
        gradient, information, _ = _likelihood(table, curve)
        step = _solve(information + penalty, gradient - penalty @ (curve - prior))
        curve = curve + step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < CLOSE:
            break
    return _with_bounds(table, curve, penalty)


def _likelihood(table: Table, curve: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the gradient (positions), the information (positions x positions) and the scores (units x positions)."""
    expected = table.impressions * np.exp(curve)
    share = expected / expected.sum(1, keepdims=True)
    clicks = table.clicks.sum(1, keepdims=True)
    scores = table.clicks - clicks * share
    information = np.diag((clicks * share).sum(0)) - (share * clicks).T @ share
    return scores.sum(0), information, scores


def _penalty(places: int) -> Numbers:
    """Return the matrix of the quadratic penalty on the distance from the prior.

    It penalises the steps between neighbouring positions and, weakly, the level.
    """
    steps = np.diff(np.eye(places), axis=0)
    return steps.T @ steps / SHAPE_SD**2 + np.eye(places) / LEVEL_SD**2


def _solve(matrix: Numbers, right: Numbers) -> Numbers:
    """Solve the linear system with position 1 fixed at 0, because propensities are relative to it."""
    result = np.zeros_like(right)
    result[1:] = np.linalg.solve(matrix[1:, 1:], right[1:])
    return result


def _with_bounds(table: Table, curve: Numbers, penalty: Numbers) -> Curve:
    """Add the 95 % bounds to the curve.

    The sandwich variance sums the scores by query, and adds the penalty as if the prior were data too.
    """
    _, information, scores = _likelihood(table, curve)
    _, query = np.unique(table.cluster, return_inverse=True)
    summed = np.stack([np.bincount(query, scores[:, k]) for k in range(scores.shape[1])], axis=1)
    inverse = np.linalg.inv((information + penalty)[1:, 1:])
    variance = inverse @ ((summed.T @ summed) + penalty)[1:, 1:] @ inverse
    spread = np.concatenate([[0.0], 1.96 * np.sqrt(np.diag(variance))])
    return Curve(curve, np.exp(curve - spread), np.exp(curve + spread))
