"""A short soak with a fixed seed; `make soak` runs a long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.decisions import decide
from tests.soak.eras import soak
from tests.soak.schedule import Schedule

SEED, KILLS = 1, 6


def test_s31_a_seed_decides_everything_and_can_be_replayed() -> None:
    schedule = decide(SEED, 40)

    assert Schedule.from_json(schedule.to_json()) == schedule == decide(SEED, 40)
    assert schedule.kills == 40
    assert decide(SEED + 1, 40) != schedule
    assert {kill.step for era in schedule.eras for each in era for kill in each.kills} >= {None, "write", "publish"}


@pytest.mark.loop
@pytest.mark.spark
def test_s31_s36_a_short_soak_recovers_from_each_kill_under_a_readers_eyes(tmp_path: Path, spark_remote: str) -> None:
    figures = soak(decide(SEED, KILLS), tmp_path / "soak", spark_remote)

    assert figures.total("kills") == KILLS
    assert figures.total("recoveries") >= 3
    assert figures.counts["reader"]["states"] > figures.total("recoveries"), "it saw less than one state a round"
