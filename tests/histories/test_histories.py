"""Random histories on a real catalog and the real engine: an incremental table always equals a full rebuild."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.accounts.world import SCHEMAS
from tests.histories.engines import SESSIONS
from tests.histories.machine import machine
from tidemark.settings import Settings

pytestmark = [pytest.mark.loop, pytest.mark.spark]

ASKED = int(os.environ.get("EXAMPLES", "0"))
EVERY_TIME = settings(max_examples=2, stateful_step_count=8, derandomize=True)
MORE = settings(max_examples=3, stateful_step_count=8, derandomize=True)
AT_LENGTH = settings(max_examples=ASKED or 1, stateful_step_count=int(os.environ.get("STEPS", "25")))
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def histories(home: Path, engine: str, remote: str, chosen: settings) -> None:
    lake = Settings(home=home, schemas=SCHEMAS, spark_remote=remote)
    chosen = settings(chosen, deadline=None, suppress_health_check=SLOW)
    with SESSIONS[engine]():
        run_state_machine_as_test(machine(lake, engine), settings=chosen)


def test_after_any_history_incremental_equals_full(home: Path, spark_remote: str) -> None:
    histories(home, "spark", spark_remote, AT_LENGTH if ASKED else EVERY_TIME)


def test_after_any_history_positions_and_ranges_are_right(home: Path) -> None:
    histories(home, "plain", "", AT_LENGTH if ASKED else MORE)
