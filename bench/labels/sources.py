"""Label sources: the raw rates that others train on, our labels, and the true grades."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ranking.training.matrices import Floats

TOP = 0.99
"""The quantile of a rate that becomes grade 4."""


def click_rate(labels: pd.DataFrame) -> Floats:
    """Return clicks per impression, as grades. NaN without impressions."""
    return _as_grades(_ratio(labels["clicks"], labels["evidence"]))


def coec(labels: pd.DataFrame) -> Floats:
    """Return clicks over expected clicks, given the positions, as grades. NaN without impressions."""
    shown = labels["evidence"] > 0
    per_look = labels.loc[shown, "clicks"].sum() / max(1e-9, float(labels.loc[shown, "examination"].sum()))
    value = (labels["clicks"] + 1) / (labels["examination"] * per_look + 1)
    return _as_grades(np.where(shown, value, np.nan))


def human(labels: pd.DataFrame) -> Floats:
    """Return the human grades that labels may use. NaN for all other pairs."""
    return np.where(labels["exam"].eq(True), np.nan, labels["human_grade"].to_numpy(float))


def _ratio(above: pd.Series[float], below: pd.Series[float]) -> Floats:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _as_grades(rate: Floats) -> Floats:
    """Scale a rate so that its `TOP` quantile is 4, the largest grade."""
    most = float(np.nanquantile(rate, TOP)) if np.isfinite(rate).any() else 1.0
    return np.asarray(np.minimum(4.0, 4.0 * rate / max(most, 1e-9)))
