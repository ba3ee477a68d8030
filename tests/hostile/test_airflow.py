"""Hostile run parameters in Airflow: the form or the loop refuses them, and the task fails without a retry."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.dags.test_run_request import DECLARED, FakeRun, at, read
from tests.hostile.values import FORBIDDEN_TEXT, HOSTILE, environment, untouched
from tidemark.errors import RequestRefused

pytestmark = pytest.mark.dags

NAMED = pytest.mark.parametrize("name", ["from", "to", "clock"])
NOT_TEXT: dict[str, Any] = {"a list": ["2026-04-01"], "an object": {"$ne": 1}, "a number": 20260401, "yes": True}


def spoilt(name: str, value: Any) -> dict[str, Any]:
    return {"from": "2026-04-01", "to": "2026-04-03", "reason": "a test", name: value}


@NAMED
@pytest.mark.parametrize("value", [name for name in HOSTILE if name != "empty"])
def test_s50_a_hostile_instant_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(RequestRefused, match=f"^{name}: ") as refused:
        read(FakeRun(), spoilt(name, HOSTILE[value]))
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@NAMED
@pytest.mark.parametrize("value", NOT_TEXT)
def test_s50_what_is_no_text_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(RequestRefused, match=f"^{name}: "):
        read(FakeRun(), spoilt(name, NOT_TEXT[value]))


@pytest.mark.parametrize("kind", ["manual", "backfill"])
@pytest.mark.parametrize("value", [name for name in FORBIDDEN_TEXT if name != "empty"])
def test_s50_a_reason_that_cannot_be_shown_is_refused(kind: str, value: str) -> None:
    run = FakeRun(kind, data_interval_start=at(3), data_interval_end=at(4))
    params = spoilt("reason", FORBIDDEN_TEXT[value])
    if kind == "backfill":
        params |= {"from": None, "to": None}
    with pytest.raises(RequestRefused, match=r"^reason: "):
        read(run, params)


@pytest.mark.parametrize("name", ["x\ny", "\u202eada", "\x1b[2J", "a" * 5000])
def test_s50_a_hostile_user_name_is_written_out_in_the_record(name: str) -> None:
    found = read(FakeRun(triggering_user_name=name), {"from": "2026-04-01", "to": "2026-04-03"})
    assert found.reason.isprintable()
    assert len(found.reason) < 200


@pytest.mark.parametrize("name", ["from", "to", "reason", "clock"])
@pytest.mark.parametrize("value", [*NOT_TEXT, "a megabyte"])
def test_s50_the_form_takes_short_texts_only(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    from airflow.sdk.exceptions import ParamValidationError

    from tidemark.airflow.params import LANDING_PARAMS, RANGE_PARAMS

    param = {**RANGE_PARAMS, **LANDING_PARAMS}[name]
    assert param.resolve("2026-04-01") == "2026-04-01"
    with pytest.raises(ParamValidationError):
        param.resolve({**NOT_TEXT, **HOSTILE}[value])


@pytest.mark.parametrize("value", ["SQL", "template", "shell", "look-alike"])
def test_s50_a_refused_request_fails_the_task_for_good_and_opens_nothing(
    value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    from airflow.sdk.exceptions import AirflowFailException

    from tidemark.airflow import steps

    home = tmp_path / "home"
    for name, setting in environment(home).items():
        monkeypatch.setenv(name, setting)
    run = {
        "dag": SimpleNamespace(params=dict.fromkeys(DECLARED)),
        "dag_run": FakeRun(start_date=datetime(2026, 4, 12, tzinfo=UTC)),
        "params": spoilt("from", HOSTILE[value]),
    }
    monkeypatch.setattr(steps, "get_current_context", lambda: run)
    with pytest.raises(AirflowFailException, match=r"^RequestRefused: from: "):
        steps.init("accounts.account_states")
    assert untouched(home)


@pytest.mark.parametrize(
    ("declares", "conf"),
    [("a range", {"From": "2026-04-01", "To": "2026-04-03"}), ("nothing", {"from": "2026-04-01", "to": "2026-04-03"})],
)
@pytest.mark.parametrize("task", ["init", "maintain_table", "owed"])
def test_what_airflow_lets_through_beside_the_form_fails_the_task_for_good(
    task: str, declares: str, conf: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.definitions.param import process_params
    from airflow.sdk.exceptions import AirflowFailException

    from tidemark.airflow import chores, steps
    from tidemark.airflow.params import RANGE_PARAMS

    with DAG("one", params=RANGE_PARAMS if declares == "a range" else None) as dag:
        operator = BaseOperator(task_id="init")
    params = process_params(dag, operator, conf, suppress_exception=False)
    assert set(conf) <= set(params), "Airflow hands over what the DAG does not declare"
    run = {"dag": dag, "dag_run": FakeRun(dag_id="one"), "params": params}
    for module in (steps, chores):
        monkeypatch.setattr(module, "get_current_context", lambda: run)
    calls: dict[str, Any] = {"init": steps.init, "maintain_table": chores.maintain_table}
    calls["owed"] = lambda name: steps.owes_ranges([name])
    with pytest.raises(
        AirflowFailException, match=f"^RequestRefused: {', '.join(conf)}: unknown parameter; one takes "
    ):
        calls[task]("accounts.account_states")
