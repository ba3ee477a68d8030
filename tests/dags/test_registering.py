"""The task that registers the champion: what it logs, and when it fails."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from steering import register
from tidemark.errors import RequestRefused
from tidemark.session import WARNING

pytestmark = [pytest.mark.dags, pytest.mark.spark]  # the tasks' module imports the engine

FUNCTION = "steering.register:register_after_run"


@pytest.fixture
def airflow_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    from tidemark.airflow import chores

    monkeypatch.setattr(chores, "_open", lambda: SimpleNamespace(clock="now"))


@pytest.mark.usefixtures("airflow_home")
def test_the_task_succeeds_and_warns_if_mlflow_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tidemark.airflow import registering

    monkeypatch.setattr(register, "register_after_run", lambda context: f"{WARNING}no answer {context.clock}\nsame")
    with caplog.at_level(logging.INFO):
        registering._register(FUNCTION)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "warning: no answer now"),
        ("INFO", "same"),
    ]


@pytest.mark.usefixtures("airflow_home")
def test_the_task_fails_and_is_not_tried_again_if_a_person_has_to_act(monkeypatch: pytest.MonkeyPatch) -> None:
    from tidemark.airflow import registering
    from tidemark.airflow.task_log import StepFailed

    def refuse(context: object) -> str:
        raise RequestRefused("registration.mlflow: the extra is not installed; run pip")

    monkeypatch.setattr(register, "register_after_run", refuse)
    with pytest.raises(StepFailed, match="the extra is not installed"):
        registering._register(FUNCTION)
