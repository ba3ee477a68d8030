"""The splits: the gap is kept and groups are never divided. The exam depends on the query alone."""

from datetime import timedelta

import numpy as np
import pytest

from ranking.labels import splits

STARTS = np.datetime64("2026-01-01") + 7 * np.arange(8)


@pytest.mark.parametrize("horizon", [7, 14, 28])
def test_training_windows_end_before_the_test_window_begins(horizon: int) -> None:
    ends = STARTS + horizon
    split = splits.global_temporal(STARTS, ends)
    assert (split == "test").tolist() == [False] * 7 + [True]
    assert ends[split == "train"].max() <= STARTS[-1]
    assert (ends[split == "gap"] > STARTS[-1]).all()
    assert (split == "gap").sum() == horizon // 7 - 1


def test_nothing_to_split_gives_nothing() -> None:
    assert len(splits.global_temporal(STARTS[:0], STARTS[:0])) == 0


def test_a_random_split_never_divides_a_group_and_draws_its_share() -> None:
    group = np.repeat(np.arange(500), 4)
    split = splits.random_groups(group, np.ones(2000, dtype=bool), 0.3, seed=1)
    assert all(len(set(split[group == number])) == 1 for number in range(500))
    assert 0.2 < (split == "test").mean() < 0.4


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
