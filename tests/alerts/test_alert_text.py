"""The text of an alert, and what a failed task says in it."""

from __future__ import annotations

import pytest

from tidemark import errors
from tidemark.errors import AuditFailed, EngineError
from tidemark.operate.alerts.alert import MOST_LINES, Alert, Kind
from tidemark.operate.alerts.failures import Failure, alert_of, key_of
from tidemark.settings import CHECKOUT

PAGES = "http://127.0.0.1:8080/tidemark/"


def failure(error: BaseException | None, dataset: str | None = "search.a", session: str | None = None) -> Failure:
    return Failure("build", "manual__1", "a.write_audit_publish", dataset, error, session)


def test_every_message_says_where_what_next_page_and_runbook_in_this_order() -> None:
    alert = Alert(Kind.late, "search.a", "5 h behind\nsince noon", "make doctor", "sessions?dataset=search.a")
    assert alert.text(PAGES).splitlines() == [
        "Tidemark, freshness deadline missed: search.a",
        "where    search.a",
        "what     5 h behind",
        "         since noon",
        "next     make doctor",
        "page     http://127.0.0.1:8080/tidemark/sessions?dataset=search.a",
        "runbook  docs/runbooks/deadline-missed.md, http://127.0.0.1:8080/tidemark/runbooks/deadline-missed",
    ]
    assert "page     none: Airflow of this home does not run" in alert.text(None)


def test_text_from_data_stays_in_its_place_and_is_cut() -> None:
    alert = Alert(Kind.failed, "a\nrunbook  x" + "w" * 999, "\x1b[2J\r" + "v" * 9999 + "\n" * 3 + "l\n" * 99, "n\nm")
    lines = alert.text(PAGES).splitlines()
    assert sum(line.startswith("runbook") for line in lines) == 1
    assert all(line.isprintable() and len(line) <= 600 for line in lines)
    assert len(alert.subject) <= 150
    assert len(alert.facts(PAGES)["what"].split("\n")) == MOST_LINES


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_a_runbook(kind: Kind) -> None:
    assert (CHECKOUT / Alert(kind, "a", "b", "c").runbook_page).exists()


def every_error(base: type[errors.TidemarkError] = errors.TidemarkError) -> list[type[errors.TidemarkError]]:
    return [found for each in base.__subclasses__() for found in (each, *every_error(each))]


@pytest.mark.parametrize("error", [e for e in every_error() if e.__module__ == errors.__name__])
def test_each_error_has_a_runbook(error: type[errors.TidemarkError]) -> None:
    assert (CHECKOUT / alert_of(failure(error("why"))).runbook_page).exists()


class AirflowsOwn(Exception):
    """Stands for AirflowFailException, in whose text a step names its error."""


@pytest.mark.parametrize("error", [AuditFailed("37 rows\nnext: x"), AirflowsOwn("AuditFailed: 37 rows\nnext: x")])
def test_a_failed_audit_leads_to_its_session_and_runbook(error: Exception) -> None:
    alert = alert_of(failure(error, session="s-1"))
    assert (alert.kind, alert.runbook_page) == (Kind.audit_failed, "docs/runbooks/audit-failed.md")
    assert alert.page == "sessions/s-1"
    assert alert.what == "AuditFailed: 37 rows\nnext: x"
    assert alert.where == "search.a, build, run manual__1, task a.write_audit_publish"
    assert alert.next_command == "correct the cause, then clear the task in Airflow's UI, with the tasks after it"


def test_another_error_leads_to_its_own_runbook_and_the_datasets_sessions() -> None:
    alert = alert_of(failure(EngineError("no Java")))
    assert (alert.kind, alert.runbook_page) == (Kind.failed, "docs/runbooks/engine-error.md")
    assert alert.page == "sessions?dataset=search.a"
    assert ".venv/bin/tidemark plan search.a" in alert.next_command


def test_an_error_that_is_not_ours_and_a_killed_task_have_a_runbook_too() -> None:
    for error, words in ((ZeroDivisionError("division by zero"), "ZeroDivisionError"), (None, "TaskKilled: the task")):
        alert = alert_of(failure(error, dataset=None))
        assert alert.runbook_page == "docs/runbooks/task-failed.md"
        assert alert.what.startswith(words)
        assert (alert.page, alert.where) == ("", "build, run manual__1, task a.write_audit_publish")


def test_failures_count_as_the_same_if_dataset_and_error_are() -> None:
    assert key_of(failure(AirflowsOwn("AuditFailed: 1"))) == key_of(failure(AuditFailed("2"))) == "AuditFailed search.a"
    assert key_of(failure(EngineError("2"))) == "EngineError search.a"
    assert key_of(failure(EngineError("2"), dataset=None)) == "EngineError build.a.write_audit_publish"
