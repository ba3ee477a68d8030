"""What is told of a failed task, how often, and what the periodic check tells. The lakes are real, without engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.alerts.conftest import Connect, mail_connection, settings_with, webhook_connection
from tests.alerts.receivers import Received, webhook
from tests.pages.lake import LANDED, REBUILT, make_small_lake
from tidemark.catalog import Lake, ops
from tidemark.catalog.properties import WATERMARK
from tidemark.errors import AuditFailed, EngineError, SettingsError
from tidemark.lineage.publish_commit import watermark_of
from tidemark.operate.alerts.failures import Failure
from tidemark.operate.alerts.record import TABLE, read_told
from tidemark.settings import CHECKOUT, Settings, load_alert_settings, load_settings
from tidemark.settings.alerts import AlertSettings, read_alerts
from tidemark.support.file_lock import holding

pytestmark = pytest.mark.dags

FAILURE = Failure("build", "manual__1", "interactions.write_audit_publish", REBUILT, AuditFailed("37 rows"))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with a session whose audit failed, in the home `tmp_path`."""
    return make_small_lake(tmp_path)


def tell_once(settings: Settings, failure: Failure) -> Any:
    from tidemark.airflow.alerting import failed_tasks

    return failed_tasks.tell_once(settings, failure)


def tell_news(settings: Settings, lake: Lake) -> str:
    from tidemark.airflow.alerting import watching

    return watching.tell_news(settings, lake, datetime.now(UTC))


def subjects(mails: Received) -> list[str]:
    """Return the subjects of the mails that have arrived, and forget them."""
    found = [line for mail in mails.mails for line in mail.splitlines() if line.startswith("Subject: ")]
    mails.mails.clear()
    return [line.removeprefix("Subject: Tidemark, ") for line in found]


@pytest.mark.services
def test_tasks_that_fail_are_told_by_airflow_after_their_last_try(tmp_path: Path, lake: Lake) -> None:
    (tmp_path / "search.yaml").write_text("alerts: {webhook_connection: tidemark_webhook}\n", encoding="utf-8")
    with webhook() as received:
        env = _environment(tmp_path) | {"AIRFLOW_CONN_TIDEMARK_WEBHOOK": json.dumps(webhook_connection(received.port))}
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=env, check=True, capture_output=True)
        command = [sys.executable, "-m", "tests.alerts.dags.failing"]
        done = subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    states = json.loads(done.stdout.splitlines()[-1])
    told = {post["where"].rpartition("task ")[2]: post for _, post in received.posts}

    assert (
        {name for name, state in states.items() if state == "failed"} == set(told) == {"audit", "disk", "nowhere.init"}
    )
    assert len(received.posts) == 3
    assert told["disk"]["what"] == "OSError: No space left on device"
    assert told["nowhere.init"]["where"].startswith("search.nowhere, failing, run manual__")
    audit = told["audit"]
    assert (audit["kind"], audit["runbook"]) == ("audit failed", "docs/runbooks/audit-failed.md")
    assert audit["what"].splitlines() == [
        "AuditFailed: search.interactions, session rebuilt-1: 1 check failed <b>37 rows</b>",
        "next: mend it",
    ]
    assert read_told(lake)["AuditFailed search.interactions"].holds


def _environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "TIDEMARK"))}
    return kept | {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "tests" / "alerts" / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "TIDEMARK_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)]),
    }


def test_the_same_failure_is_sent_once_a_day_and_another_one_at_once(
    both: Settings, mails: Received, lake: Lake
) -> None:
    assert tell_once(both, FAILURE) is not None
    assert tell_once(both, replace(FAILURE, run="manual__2")) is None
    assert subjects(mails) == [f"audit failed: {REBUILT}"]
    assert tell_once(both, replace(FAILURE, error=EngineError("no Java"))) is not None
    assert set(read_told(lake)) == {f"AuditFailed {REBUILT}", f"EngineError {REBUILT}"}


def test_tasks_that_fail_in_the_same_second_are_told_once(both: Settings, mails: Received, lake: Lake) -> None:
    broken = replace(FAILURE, error=SettingsError("search.yaml: unknown key longclick_ms"))
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda task: tell_once(both, replace(broken, task=task)), ("a", "b", "c", "d")))
    assert [sent is None for sent in told].count(False) == 1
    assert len(subjects(mails)) == 1


def test_an_alert_whose_turn_cannot_be_had_is_sent_without_it(
    both: Settings, mails: Received, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidemark.airflow.alerting.turns.PATIENCE", 0.0)
    with holding(both.run / "alerts.lock", 1.0):
        assert tell_once(both, FAILURE) is not None
    assert subjects(mails) == [f"audit failed: {REBUILT}"]


def test_an_error_in_a_file_that_all_tasks_read_is_told_once(both: Settings, mails: Received, lake: Lake) -> None:
    broken = replace(FAILURE, error=SettingsError("search.yaml: unknown key longclick_ms"))
    assert tell_once(both, broken) is not None
    assert tell_once(both, replace(broken, dataset=LANDED)) is None
    assert tell_once(both, replace(broken, dataset=None, task="pin")) is None
    assert tell_once(both, replace(broken, error=SettingsError("search.yaml: another"))) is not None
    assert len(subjects(mails)) == 2


BROKEN = {
    "an unknown key": "longclick_ms: 5\nalerts: {webhook_connection: tidemark_webhook}\n",
    "a wrong value": "alerts:\n  # who\n  webhook_connection: tidemark_webhook\n\nlanding: {settling: soon}\n",
    "no YAML": "alerts:\n  webhook_connection: tidemark_webhook\nlabels: {cut_every: [7\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_settings_file_does_not_silence_its_alerts(
    text: str, tmp_path: Path, connect: Connect, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidemark.airflow.alerting import failed_tasks

    (tmp_path / "search.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path))
    with pytest.raises(SettingsError) as raised:
        load_settings()
    task = SimpleNamespace(dag_id="land_search_logs", run_id="manual__1", task_id="search_events.init")
    with webhook() as received:
        connect("tidemark_webhook", webhook_connection(received.port))
        failed_tasks.tell_failure({"exception": raised.value, "ti": task}, LANDED)
    assert [post["runbook"] for _, post in received.posts] == ["docs/runbooks/settings-error.md"]


def test_alerts_that_are_wrong_themselves_name_nobody(tmp_path: Path) -> None:
    (tmp_path / "search.yaml").write_text("alerts: {mail_to: everybody}\n", encoding="utf-8")
    assert read_alerts(load_alert_settings({"TIDEMARK_HOME": str(tmp_path)}).values) == AlertSettings()


def test_a_refused_request_is_not_told_because_who_asked_sees_it(both: Settings, mails: Received, lake: Lake) -> None:
    refused = AirflowFailException("RequestRefused: from: missing")
    assert tell_once(both, replace(FAILURE, dataset=None, error=refused)) is None
    assert mails.mails == []


def test_a_task_without_a_dataset_is_told_once_a_day_and_its_end_never(
    both: Settings, mails: Received, lake: Lake
) -> None:
    watching = replace(FAILURE, task="watch", dataset=None, error=EngineError("no catalog"))
    assert tell_once(both, watching) is not None
    assert tell_once(both, replace(watching, run="manual__2")) is None
    assert tell_once(both, replace(watching, task="pin")) is not None
    tell_news(both, lake)
    assert not any(subject.startswith("over: task failed") for subject in subjects(mails))


def test_a_failure_that_lasts_is_told_again_after_a_day(both: Settings, mails: Received, lake: Lake) -> None:
    old = datetime.now(UTC) - timedelta(days=1, minutes=1)
    row = {"condition": f"AuditFailed {REBUILT}", "kind": "audit failed", "state": "began", "recorded_at": old}
    ops.append(lake, TABLE, [row])
    assert tell_once(both, FAILURE) is not None
    assert len(mails.mails) == 1


def test_a_failure_names_the_session_that_its_run_planned(both: Settings, posts: Received, lake: Lake) -> None:
    (run,) = {row["run"] for row in ops.rows(lake, "ops.sessions", ops.of_dataset(REBUILT))}
    dag, _, name = run.partition("/")
    tell_once(both, replace(FAILURE, dag=dag, run=name))
    ((_, post),) = posts.posts
    assert post["page"].endswith("none: Airflow of this home does not run")
    assert read_told(lake)[f"AuditFailed {REBUILT}"].session == "rebuilt-1"


def test_a_failure_is_told_even_if_the_lake_cannot_be_read(
    both: Settings, posts: Received, tmp_path: Path, lake: Lake
) -> None:
    lake.catalog.engine.dispose()
    (tmp_path / "lake" / "catalog.db").write_bytes(b"no catalog")
    assert tell_once(both, FAILURE).took == ("log", "mail", "webhook")
    assert len(posts.posts) == 1


def test_an_alert_that_was_not_delivered_is_sent_again(
    connect: Connect, mails: Received, lake: Lake, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path, mail_to=["on-call@example.org"])
    connect("smtp_default", mail_connection(1))
    assert tell_once(settings, FAILURE).failed
    assert read_told(lake) == {}
    connect("smtp_default", mail_connection(mails.port))
    assert tell_once(settings, FAILURE).took == ("log", "mail")


def test_the_check_tells_what_begins_and_what_is_over_and_nothing_twice(
    both: Settings, mails: Received, lake: Lake
) -> None:
    assert tell_news(both, lake) == "2 conditions now; 2 to tell, 2 delivered"
    assert sorted(subjects(mails)) == [f"audit failed: {REBUILT}", f"freshness deadline missed: {LANDED}"]
    assert tell_news(both, lake) == "2 conditions now; 0 to tell, 0 delivered"

    table = lake.table(LANDED)
    mark = watermark_of(table)
    assert mark is not None
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with table.transaction() as change:
        change.set_properties({WATERMARK: replace(mark, complete_through=now).to_json()})
    assert tell_news(both, lake) == "1 condition now; 1 to tell, 1 delivered"
    assert subjects(mails) == [f"over: freshness deadline missed: {LANDED}"]
    assert tell_news(both, lake) == "1 condition now; 0 to tell, 0 delivered"
    assert mails.mails == []


def test_what_a_callback_told_is_not_told_again_by_the_check(both: Settings, mails: Received, lake: Lake) -> None:
    tell_once(both, FAILURE)
    subjects(mails)
    tell_news(both, lake)
    assert subjects(mails) == [f"freshness deadline missed: {LANDED}"]


def test_history_has_no_deadline(both: Settings, mails: Received, lake: Lake) -> None:
    values = {**both.values, "landing": {"completeness": "data"}}
    assert tell_news(replace(both, values=values), lake) == "1 condition now; 1 to tell, 1 delivered"
    assert subjects(mails) == [f"audit failed: {REBUILT}"]
