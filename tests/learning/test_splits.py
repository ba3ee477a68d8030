"""The exam depends on the query alone, and settings are read with their defaults."""

from datetime import timedelta

import numpy as np
import pytest

from ranking.labels import splits


def test_the_exam_is_about_its_share_of_queries() -> None:
    drawn = [splits.bucket_of(f"query {number}") < 0.2 for number in range(2000)]
    assert 0.17 < np.mean(drawn) < 0.23


def test_settings_are_read_with_their_defaults_and_refused_when_unknown() -> None:
    found = splits.LabelSettings.of({"labels": {"cut_phase": 3}}, 14)
    assert (found.horizon, found.cut_every, found.cut_phase) == (14, 7, 3)
    assert splits.whole_days(timedelta(days=2)) == 2
    with pytest.raises(ValueError, match="cut_evry; known keys are"):
        splits.LabelSettings.of({"labels": {"cut_evry": 3}}, 14)
    with pytest.raises(ValueError, match="whole days"):
        splits.whole_days("36h")
