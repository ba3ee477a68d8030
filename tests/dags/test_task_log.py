"""What an operator reads in the log of a task: of a failure the remedy first, one fact a line, no line too long."""

from __future__ import annotations

import logging
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tidemark import errors
from tidemark.audit.findings import FailingRow
from tidemark.audit.report import CheckResult, Report
from tidemark.session import WARNING
from tidemark.support.text import LONGEST_LINE

pytestmark = pytest.mark.dags


@pytest.fixture
def task_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Return the module `task_log`, imported with an Airflow home of its own."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    from tidemark.airflow import task_log

    return task_log


def failed_audit() -> errors.AuditFailed:
    rows = (FailingRow({"clicks": "-1"}, {"q": "q1", "i": "i2"}), FailingRow({"clicks": "-3"}, {"q": "q2", "i": "i9"}))
    check = CheckResult("clicks is not negative", "floor", "fail", False, "", "", 37, rows)
    report = Report("search.interactions", "s-1", 7, (check,), 100, to_fix="jobs/ranking/traffic/interactions.py")
    return errors.AuditFailed(report.describe() + "\n  staged rows: branch session_s1")


def test_the_log_of_a_failed_audit_begins_with_what_to_do(task_log: ModuleType) -> None:
    assert task_log.failure_lines(failed_audit()) == [
        "next: correct jobs/ranking/traffic/interactions.py, then clear \"write_audit_publish\" in this run; "
        "see docs/runbooks/audit-failed.md",
        "AuditFailed: search.interactions, session s-1: 1 of 1 checks failed; main is unchanged",
        "clicks is not negative: 37 rows, for example -1 (q1, i2), -3 (q2, i9)",
        "report: no page was written",
        "staged rows: branch session_s1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("search.a: no plan of session 's'; run init again", "run init again"),
        ("a.yaml: transform x cannot be loaded: no module. Correct its name", "Correct its name"),
        (
            "search.a: Spark did not finish: lost. See logs/spark-connect.log, then run the session again. It resumes "
            "where it stopped; readers still see the last published data",
            "See logs/spark-connect.log, then run the session again. It resumes where it stopped; readers still see "
            "the last published data",
        ),
        ("search.a: rolled back. If on purpose: tidemark adopt. Otherwise move main back", "If on purpose: tidemark "
         "adopt. Otherwise move main back"),
        ("search.a: the catalog refused 3 commits", ""),
    ],
)  # fmt: skip
def test_the_remedy_of_a_message_is_found(task_log: ModuleType, message: str, remedy: str) -> None:
    facts, found = task_log.split_remedy(message)
    assert found == remedy
    assert (facts and remedy not in facts[0]) or not remedy


def test_an_error_that_is_retried_says_first_that_nothing_has_to_be_done(
    task_log: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    task = SimpleNamespace(try_number=2, max_tries=3)
    monkeypatch.setattr(task_log, "get_current_context", lambda: {"ti": task})
    with caplog.at_level(logging.INFO):
        task_log.say_failure(errors.EngineError("search.a: no Spark. Start it, then run again"), permanent=False)
    assert caplog.messages == [
        "next: nothing now, the task is tried again by itself (this was try 2 of 4)",
        "if it fails again: Start it, then run again",
        "EngineError: search.a: no Spark",
        "runbook: docs/runbooks/engine-error.md",
    ]
    task.try_number = 4
    caplog.clear()
    task_log.say_failure(ZeroDivisionError("division by zero"), permanent=False)
    assert caplog.messages == [
        "next: read the error below, then follow the runbook",
        "runbook: docs/runbooks/task-failed.md",
    ]
    assert {record.levelname for record in caplog.records} == {"ERROR"}


def test_airflow_shows_one_line_of_a_permanent_error_and_the_alert_gets_all_of_it(
    task_log: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tidemark.airflow import steps
    from tidemark.airflow.alerting import failed_tasks

    def fail() -> None:
        raise failed_audit()

    with pytest.raises(task_log.StepFailed) as raised:
        steps.run_step(fail)
    headline = "AuditFailed: search.interactions, session s-1: 1 of 1 checks failed; main is unchanged"
    assert str(raised.value) == headline
    told: list[tuple[object, bool]] = []
    monkeypatch.setattr(failed_tasks, "load_alert_settings", lambda: None)
    monkeypatch.setattr(
        failed_tasks, "tell_once", lambda settings, failure, is_said: told.append((str(failure.error), is_said))
    )
    task = SimpleNamespace(dag_id="d", run_id="r", task_id="t")
    failed_tasks.tell_failure({"exception": raised.value, "ti": task}, None)
    assert told == [(str(failed_audit()), True)]


def test_a_skipped_step_says_why_where_the_log_viewer_folds_nothing_away(
    task_log: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from tidemark.airflow import steps

    def skip() -> None:
        raise AirflowSkipException("search.a: nothing to do")

    with caplog.at_level(logging.INFO), pytest.raises(AirflowSkipException):
        steps.run_step(skip)
    assert caplog.messages == ["skipped: search.a: nothing to do"]


def test_a_long_line_is_broken_at_a_sentence_and_a_warning_stays_one(
    task_log: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        task_log.say(f"{WARNING}{'word ' * 20}ends; {'other ' * 20}ends. Last")
    assert len(caplog.messages) == 2 and all(len(line) <= LONGEST_LINE for line in caplog.messages)
    assert {record.levelname for record in caplog.records} == {"WARNING"}
