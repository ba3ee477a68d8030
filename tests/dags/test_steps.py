"""What a step reports to Airflow when it does not end by publishing."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tidemark import errors
from tidemark.airflow.run_request import RunRequest
from tidemark.session import WARNING
from tidemark.stages import Committed, Published
from tidemark.state.effect import NOTHING
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval

pytestmark = pytest.mark.dags

NOW = datetime(2026, 4, 12, tzinfo=UTC)
DAY = Interval(datetime(2026, 4, 11, tzinfo=UTC), NOW)
DONE_BY_ANOTHER = Published(Plan("search.a", "uuid", 1, 0, "spec", "logic", NOW, NOTHING), 1)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Return the module `steps`, imported with an Airflow home of its own."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    from tidemark.airflow import steps

    monkeypatch.setattr(steps, "_clock", lambda: NOW)
    monkeypatch.setattr(steps, "_open", lambda clock: clock)
    return steps


@pytest.mark.parametrize(
    ("user", "with_readers", "said"),
    [
        ("ada", True, ["asked by ada: a wrong price", "its readers run in this run too"]),
        (None, False, ["asked by somebody unknown: a wrong price", "its readers follow at their usual runs"]),
    ],
)
def test_whoever_approves_a_rebuild_is_told_who_asks_and_why(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch, user: str | None, with_readers: bool, said: list[str]
) -> None:
    import tidemark.operate.preview as previews
    import tidemark.operate.preview_text as texts

    request = RunRequest(NOW, DAY, "a wrong price", "asked", dataset="search.b", with_readers=with_readers)
    run = SimpleNamespace(triggering_user_name=user)
    monkeypatch.setattr(steps, "get_current_context", lambda: {"dag_run": run})
    monkeypatch.setattr(steps, "_request", lambda: request)
    monkeypatch.setattr(steps, "_open", lambda clock: SimpleNamespace(specs={}))
    monkeypatch.setattr(previews, "preview", lambda *_: None)
    monkeypatch.setattr(previews, "followers", lambda *_: ())
    monkeypatch.setattr(texts, "preview_lines", lambda found: ["rebuilds 3 partitions"])
    assert steps._preview(["search.b"])["text"].split("\n\n") == [*said, "rebuilds 3 partitions"]


@pytest.mark.parametrize("chosen", [None, [], ["search.b"]], ids=["rejected", "plan only", "another"])
def test_a_rebuild_of_one_table_runs_no_session_that_was_not_chosen(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch, chosen: list[str] | None
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    task = SimpleNamespace(xcom_pull=lambda task_ids, key: chosen)
    monkeypatch.setattr(steps, "get_current_context", lambda: {"ti": task})
    monkeypatch.setattr(steps, "_request", lambda: RunRequest(NOW, DAY, "why", "asked", dataset="search.b"))
    with pytest.raises(AirflowSkipException, match=r"search\.a: this run is not asked for it, or was not approved"):
        steps.init("search.a")


def test_a_backfill_goes_on_if_one_table_cannot_say_whether_it_is_rebuilt(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(context: object, dataset: str, *_: object) -> bool:
        if dataset == "search.b":
            raise errors.PositionLost("expired")
        return False

    monkeypatch.setattr("tidemark.airflow.restate.to_rebuild", ask)
    monkeypatch.setattr(steps, "_request", lambda: RunRequest(NOW, DAY, "why"))
    assert steps.has_work(["search.a", "search.b"])
    assert not steps.has_work(["search.a"])


def test_work_that_another_run_has_done_is_skipped_and_not_closed_twice(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    monkeypatch.setattr("tidemark.session.write_audit_publish", lambda *_, **__: DONE_BY_ANOTHER)
    with pytest.raises(AirflowSkipException, match=r"search\.a"):
        steps.write_audit_publish("search.a", {"session": "s", "how": "overwrite"})


@pytest.mark.parametrize(
    "error",
    [
        errors.AuditFailed("37 rows"),
        errors.PositionLost("expired"),
        errors.ForeignCommit("whose?"),
        errors.TransformRefused("0 or 1?"),
        errors.OutputRefused("1.7 is no int"),
    ],
)
def test_a_permanent_error_is_not_retried_and_keeps_its_message(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch, error: errors.TidemarkError
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    def fail(*_: object, **__: object) -> Published:
        raise error

    monkeypatch.setattr("tidemark.session.write_audit_publish", fail)
    with pytest.raises(AirflowFailException, match=re.escape(str(error))):
        steps.write_audit_publish("search.a", {"session": "s", "how": "overwrite"})


@pytest.mark.parametrize("error", [errors.EngineError("no Spark"), errors.MainMoved("again"), OSError("disk")])
def test_a_temporary_error_is_left_to_airflows_retries(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> Published:
        raise error

    monkeypatch.setattr("tidemark.session.write_audit_publish", fail)
    with pytest.raises(type(error)):
        steps.write_audit_publish("search.a", {"session": "s", "how": "overwrite"})


def test_a_warning_of_an_audit_is_a_warning_in_the_tasks_log(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    def warn(*_: object, say: Callable[[str], None], **__: object) -> Published:
        say("staged 3 rows")
        say(f"{WARNING}plan is known: 1 row")
        return DONE_BY_ANOTHER

    monkeypatch.setattr("tidemark.session.write_audit_publish", warn)
    with caplog.at_level(logging.INFO), pytest.raises(AirflowSkipException):
        steps.write_audit_publish("search.a", {"session": "s", "how": "overwrite"})
    levels = {record.getMessage(): record.levelno for record in caplog.records[:-1]}
    assert levels == {"staged 3 rows": logging.INFO, "warning: plan is known: 1 row": logging.WARNING}


def test_the_log_of_a_commit_says_what_the_domain_remarks_on_the_dataset(
    steps: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(steps, "_open", lambda clock: SimpleNamespace(lake="the lake"))
    monkeypatch.setattr("tidemark.session.commit", lambda *_, **__: Committed(DONE_BY_ANOTHER.plan, None))
    remarks = {"search.a": "r7 is served"}
    monkeypatch.setattr("tidemark.operate.remarks.read_remark", lambda lake, dataset: remarks.get(dataset))
    with caplog.at_level(logging.INFO):
        steps.commit("search.a", "s")
        steps.commit("search.b", "s")
    assert [record.getMessage() for record in caplog.records] == ["search.a: r7 is served"]
