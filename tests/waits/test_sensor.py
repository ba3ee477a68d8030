"""Which runs wait for what, and what they say when they go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waits.tables import SHOWN, Tables, hour

pytestmark = pytest.mark.dags

EXAMPLES = "ranking.training_examples"


def run(kind: str = "scheduled", end: float = 2, ago: timedelta = timedelta(0)) -> dict[str, Any]:
    """Return the context of a run whose data interval ends at an hour, and that started a while ago."""
    started = datetime.now(UTC) - ago
    interval = {"data_interval_start": hour(end - 1), "data_interval_end": hour(end)}
    task = SimpleNamespace(dag_id="reader", run_id="run 1", task_id="wait")
    return {"dag_run": SimpleNamespace(run_type=kind, start_date=started, **interval), "ti": task}


def wait_for(dataset: str = SHOWN, through: str | None = None, final: bool = False) -> Any:
    """Return the task, with a deadline of an hour."""
    from tidemark.airflow import complete_through

    return complete_through(dataset, timedelta(hours=1), through, final)


def deferral(task: Any, context: dict[str, Any]) -> Any:
    """Run a task that must wait, and return its deferral."""
    from airflow.sdk.exceptions import TaskDeferred

    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    return deferred.value


def wanted(task: Any, context: dict[str, Any]) -> str:
    """Return the instant for which a task waits."""
    text: str = deferral(task, context).trigger.serialize()[1]["through"]
    return text


@pytest.mark.usefixtures("tables")
def test_a_scheduled_run_waits_for_the_end_of_its_interval() -> None:
    assert wanted(wait_for(), run(end=2)) == "2026-04-12T02:00Z"
    assert wanted(wait_for(), run(end=2.5)) == "2026-04-12T02:00Z"


@pytest.mark.usefixtures("tables")
def test_a_table_whose_completeness_lies_ahead_of_the_logs_is_waited_for_as_far_as_they_bring_it() -> None:
    assert wanted(wait_for(EXAMPLES), run(end=2.5)) == "2026-04-13T00:00Z"


def test_the_wait_ends_in_time_even_if_no_triggerer_runs(tables: Tables) -> None:
    tables.publish(1)
    deferred = deferral(wait_for(), run(ago=timedelta(minutes=50)))
    assert timedelta(minutes=10) < deferred.timeout <= timedelta(minutes=15)
    deadline = datetime.fromisoformat(deferred.trigger.serialize()[1]["deadline"])
    assert deadline < datetime.now(UTC) + timedelta(minutes=10)


@pytest.mark.parametrize("kind", ["manual", "backfill", "asset_triggered"])
@pytest.mark.usefixtures("tables")
def test_other_runs_do_not_wait(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    wait_for().execute(run(kind))
    assert caplog.messages == [f"{SHOWN}: no wait: this run is {kind}, and only scheduled runs wait"]


def test_a_home_with_handed_in_logs_does_not_wait(tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (tables.settings.home / "search.yaml").write_text("landing: {completeness: data, settling: 0s}\n")
    wait_for().execute(run())
    assert "landing.completeness: data" in caplog.messages[0]


@pytest.mark.usefixtures("tables")
def test_a_table_that_no_source_limits_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    wait_for("search.judgments").execute(run())
    assert "no source that follows the clock" in caplog.messages[0]


@pytest.mark.parametrize("kind", ["scheduled", "manual"])
def test_a_named_instant_is_waited_for_in_every_run(tables: Tables, kind: str) -> None:
    (tables.settings.home / "search.yaml").write_text("landing: {completeness: data, settling: 0s}\n")
    assert wanted(wait_for(through="2026-04-12T07:00:00+00:00"), run(kind)) == "2026-04-12T07:00Z"


def test_a_complete_table_does_not_leave_the_worker(tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tables.publish(2)
    wait_for().execute(run(end=2))
    assert caplog.messages == [f"{SHOWN} is complete through 2026-04-12T02:00Z; wanted: 2026-04-12T02:00Z; no wait"]


def test_final_is_waited_for_on_request(tables: Tables) -> None:
    tables.publish(2, final=2 - 16 * 24)
    assert deferral(wait_for(final=True), run(end=2)).trigger.final


def test_a_run_past_its_deadline_goes_on_and_says_what_is_missing(
    tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    tables.publish(1)
    wait_for().execute(run(ago=timedelta(hours=2)))
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert caplog.messages[0] == "Tidemark, went on without an input: reader"
    assert (
        f"what     {SHOWN} is complete through 2026-04-12T01:00Z; wanted: 2026-04-12T02:00Z; the deadline of 1:00:00 "
        f"has passed. The run goes on with what is there"
    ) in caplog.messages


@pytest.mark.parametrize(("reached", "level"), [(True, "INFO"), (False, "WARNING")])
@pytest.mark.usefixtures("tables")
def test_what_the_trigger_found_is_in_the_log(reached: bool, level: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    event = {"reached": reached, "found": "so far", "wanted": "2026-04-12T02:00Z"}
    wait_for().execute_complete(run(), event)
    found = [record for record in caplog.records if "so far; " in record.getMessage()]
    assert [record.levelname for record in found] == [level]


@pytest.mark.parametrize(
    ("dataset", "through", "message"),
    [
        ("search.nothing", None, "'search.nothing' is unknown"),
        (SHOWN, "soon", "through: 'soon' is not an instant"),
        ("ranking.rankers", None, "no event time"),
    ],
)
@pytest.mark.usefixtures("tables")
def test_a_wait_that_can_never_end_fails_at_once(dataset: str, through: str | None, message: str) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match=message):
        wait_for(dataset, through).execute(run())
