"""A feature that is the label under another name is found, and honest features are not taken for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ranking.training.canary import LEAST_ROWS, find_leak
from ranking.training.matrices import Examples
from tests.learning import made


def planted(values: np.ndarray, rows: Examples) -> Examples:
    features = made.matrix(rows).copy()
    features[:, rows.names.index("c_match")] = values
    return replace(rows, features=features)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (-0.25, 1.0), (1000.0, 7.0)])
def test_the_label_on_any_scale_is_found(scale: float, shift: float) -> None:
    rows = made.examples()
    found = find_leak(planted(rows.grade * scale + shift, rows))
    assert found is not None
    assert found.startswith("Leak: the feature c_match equals the label of 600 examples (correlation 1.0000)")


def test_a_label_that_is_known_for_some_pairs_only_is_found() -> None:
    rows = made.examples()
    known = np.where(np.arange(len(rows)) % 4 == 0, rows.grade, np.nan)
    assert "of 150 examples" in str(find_leak(planted(known, rows)))


def test_honest_features_pass() -> None:
    rows = made.examples()
    noise = np.random.default_rng(1).normal(0, 0.1, len(rows))
    assert find_leak(rows) is None
    assert find_leak(planted(rows.grade + noise, rows)) is None
    assert find_leak(planted(np.ones(len(rows)), rows)) is None


def test_a_prior_of_pairs_without_traffic_and_few_rows_prove_nothing() -> None:
    """Without traffic a label is a function of content, which may be one feature."""
    rows = made.examples()
    leaky = planted(rows.grade, rows)
    assert find_leak(replace(leaky, evidence=np.zeros(len(rows), np.int64))) is None
    assert find_leak(leaky.take(np.arange(len(rows)) < LEAST_ROWS - 1)) is None
