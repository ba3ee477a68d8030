"""What the task `pin` records, and what the tasks after it find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import CHECKOUT
from tests.dags.test_run_request import DECLARED, FakeRun
from tidemark.catalog import ops
from tidemark.session import open_context
from tidemark.settings import load_settings

pytestmark = [pytest.mark.dags, pytest.mark.spark]

DATASETS = ["ranking.example_splits", "ranking.rankers", "ranking.ranker_scores"]
INPUTS = {
    "ranking.label_horizons",
    "ranking.query_item_features",
    "ranking.ranker_decisions",
    "ranking.training_examples",
    "search.judgments",
}


@dataclass
class FakeDag:
    """The part of Airflow's DAG that is used."""

    params: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(DECLARED))


@pytest.fixture
def as_task(monkeypatch: pytest.MonkeyPatch, home: Path) -> Callable[..., None]:
    """Return a function that makes the test a task of a run, in an empty home."""
    monkeypatch.setenv("AIRFLOW_HOME", str(home / "airflow"))
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    monkeypatch.setenv("TIDEMARK_SCHEMAS", str(CHECKOUT / "schemas"))
    from tidemark.airflow import chores, steps

    def begin(run: FakeRun, **params: Any) -> None:
        context = {"dag_run": run, "params": params, "dag": FakeDag()}
        for module in (chores, steps):
            monkeypatch.setattr(module, "get_current_context", lambda: context)

    return begin


def pinned_runs() -> list[str]:
    context = open_context(load_settings(), datetime(2026, 4, 12, tzinfo=UTC))
    return [row["run"] for row in ops.rows(context.lake, "ops.pins")]


def test_the_tasks_of_a_run_find_what_it_pinned(as_task: Callable[..., None]) -> None:
    from tidemark.airflow import chores, steps

    as_task(FakeRun(run_id="'; DROP TABLE ops.pins; --"))
    said = chores.pin_inputs(DATASETS)

    context = steps._open(steps._clock())
    assert set(context.pins) == INPUTS
    assert all(f"{name}: read at snapshot {pinned.snapshot}" in said for name, pinned in context.pins.items())
    assert pinned_runs() == ["build_interactions/'; DROP TABLE ops.pins; --"]
    as_task(FakeRun(run_id="another"))
    assert steps._open(steps._clock()).pins == {}


def test_a_run_with_a_range_pins_nothing(as_task: Callable[..., None]) -> None:
    from tidemark.airflow import chores

    as_task(FakeRun(), **{"from": "2026-04-01", "to": "2026-04-02"})

    assert "nothing is pinned" in chores.pin_inputs(DATASETS)
    assert pinned_runs() == []


def test_a_wrong_parameter_is_refused(as_task: Callable[..., None]) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from tidemark.airflow import chores

    as_task(FakeRun(), form="2026-04-01")

    with pytest.raises(AirflowFailException, match="form: unknown parameter"):
        chores.pin_inputs(DATASETS)
