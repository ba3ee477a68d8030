"""What is in progress and which services died: how it is found, and how the command and the status page tell it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.pages.conftest import Pages
from tests.pages.lake import HOSTILE
from tests.pages.open_sessions import FAILED, LEFT, RUNNING, RUNS, open_session
from tidemark.airflow.pages.attention import Run, attention_lines, attention_section
from tidemark.airflow.pages.running import Silence, find_open, services_section
from tidemark.catalog import Lake, open_lake, ops
from tidemark.catalog.properties import SESSION, branch_name
from tidemark.cli.main import main
from tidemark.operate.in_progress import Progress, find_progress
from tidemark.operate.service_deaths import ServiceDeath, deaths_text, read_deaths
from tidemark.operate.service_troubles import FRESH, ServiceTrouble, present_troubles, troubles_text
from tidemark.operate.session_outcomes import Outcome, Session, newest_sessions, with_outcomes
from tidemark.operate.status import DatasetStatus
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs

AT = datetime(2026, 4, 12, 9, tzinfo=UTC)
TROUBLE = ServiceTrouble("airflow-scheduler", "no heartbeat <b>", AT)
DEATH = ServiceDeath("postgres", AT, "killed by SIGKILL")
INSTANT = r"\d{4}-\d\d-\d\d \d\d:\d\d"
SERVED = [pytest.mark.dags, pytest.mark.services]


@pytest.fixture(scope="module")
def spec() -> DatasetSpec:
    return load_specs(CHECKOUT / "schemas", load_settings({}).values)[RUNS]


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    lake = open_lake(Settings(home=tmp_path, schemas=CHECKOUT / "schemas"))
    yield lake
    lake.catalog.engine.dispose()


def progress(lake: Lake) -> Progress | None:
    [session] = with_outcomes(lake, newest_sessions(lake, ops.of_dataset(RUNS)))
    return find_progress(lake, session)


def test_a_session_that_is_planned_is_to_be_written_since_then(lake: Lake, spec: DatasetSpec) -> None:
    open_session(lake, spec, "s1", None, AT)
    assert progress(lake) == Progress("write", AT)


def test_a_session_whose_rows_are_staged_is_audited_since_then(lake: Lake, spec: DatasetSpec) -> None:
    plan = open_session(lake, spec, "s1", None, AT)
    branch, table = branch_name("s1", "a"), lake.table(RUNS)
    lake.create_branch(table, branch, plan.base_snapshot)
    assert progress(lake) == Progress("write", AT), "the branch holds no rows yet"
    began = datetime.now(UTC) - timedelta(seconds=1)
    rows = pa.Table.from_pylist([], schema=table.schema().as_arrow())
    lake.table(RUNS).append(rows, snapshot_properties={SESSION: "s1"}, branch=branch)
    found = progress(lake)
    assert found is not None and found.step == "audit"
    assert found.since is not None and began <= found.since <= datetime.now(UTC)


def test_a_session_that_passed_its_audit_is_to_be_published(lake: Lake, spec: DatasetSpec) -> None:
    open_session(lake, spec, "s1", None, AT)
    check = {"session": "s1", "dataset": RUNS, "snapshot_id": 1, "check": "c", "kind": "floor", "severity": "fail"}
    ops.append(lake, "ops.audit_results", [{**check, "passed": True, "audited_at": AT, "recorded_at": AT}])
    assert progress(lake) == Progress("publish", AT)


def test_a_closed_session_is_not_in_progress(lake: Lake, spec: DatasetSpec) -> None:
    open_session(lake, spec, "s1", None, AT)
    closed = {"session": "s1", "dataset": RUNS, "current": "{}", "committed_at": AT}
    ops.append(lake, "ops.high_watermarks", [closed])
    assert progress(lake) is None


def test_deaths_are_read_newest_first_and_only_of_late(tmp_path: Path) -> None:
    path = tmp_path / "deaths.json"
    later = ServiceDeath("scheduler", AT + timedelta(hours=1), "exit status 1")
    path.write_text(deaths_text([DEATH, later]))
    assert read_deaths(path, AT) == (later, DEATH)
    assert read_deaths(path, AT + timedelta(minutes=1)) == (later,)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"deaths": 7}', '{"deaths": [{"at": "x"}]}'])
def test_a_record_of_deaths_that_cannot_be_read_tells_none(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "deaths.json"
    if text is not None:
        path.write_text(text)
    assert read_deaths(path, AT) == ()


def test_the_command_tells_what_is_in_progress_and_what_died(
    lake: Lake,
    spec: DatasetSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path))
    monkeypatch.delenv("TIDEMARK_SCHEMAS", raising=False)
    open_session(lake, spec, "s1", None, AT)
    death = ServiceDeath("postgres", datetime.now(UTC), "killed by \x1b[1mSIGKILL")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "service-deaths.json").write_text(deaths_text([death]))
    (tmp_path / "run" / "service-troubles.json").write_text(troubles_text([TROUBLE]))
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    assert "in progress: write since 2026-04-12T09:00Z, by the machine's clock" in text
    assert f"postgres died at {death.at:%Y-%m-%dT%H:%M:%SZ}: killed by \\x1b[1mSIGKILL" in text
    assert "airflow-scheduler in trouble since 2026-04-12T09:00:00Z: no heartbeat <b>" in text
    assert main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["service"] for each in found["deaths"]] == ["postgres"]
    assert [each["what"] for each in found["troubles"]] == [TROUBLE.what]
    assert {each["dataset"]: each["progress"] for each in found["datasets"]}[RUNS]["step"] == "write"


def test_a_silent_service_is_told_with_its_last_heartbeat() -> None:
    text = services_section((), (Silence("scheduler", AT), Silence("dag_processor", None)), ())
    assert re.search(r"silent.*scheduler: last heard at .*2026-04-12 09:00.*wall clock", text)
    assert "dag_processor: never heard" in text
    assert "healthy" in services_section((), (), ())


def test_a_trouble_that_the_watch_found_is_told_on_the_page() -> None:
    text = services_section((), (), (TROUBLE,))
    assert re.search(r"in trouble.*airflow-scheduler since .*2026-04-12 09:00.*no heartbeat &lt;b&gt;", text)
    assert "healthy" not in text


def test_troubles_are_present_only_while_the_watch_checks(tmp_path: Path) -> None:
    path = tmp_path / "troubles.json"
    assert present_troubles(path, AT) == ()
    path.write_text(troubles_text([TROUBLE]))
    checked = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert present_troubles(path, checked + FRESH - timedelta(seconds=1)) == (TROUBLE,)
    assert present_troubles(path, checked + FRESH + timedelta(seconds=1)) == ()
    path.write_text("{")
    assert present_troubles(path, checked) == ()


def status_of(outcome: Outcome, **fields: Any) -> DatasetStatus:
    last = Session("s <1>", "s.a", "append", AT, AT, None, outcome, None, None)
    known: dict[str, Any] = {"dataset": "s.a", "mode": "stateful", "published": True, "last": last, "waits_for": ()}
    empty = dict.fromkeys(("complete_through", "final_through", "hours_behind", "quarantined_last_day"))
    return DatasetStatus(**{**empty, **known, "owed": (), "overdue": (), **fields})


def test_what_needs_attention_is_named_with_its_reason_and_link() -> None:
    late = status_of(Outcome.closed, late=True, hours_behind=5.0, fresh_within_hours=3.0)
    failed, asking = Run("land <logs>", "manual__1", AT), Run("restate", "manual__2", None)
    lines = attention_lines(
        (status_of(Outcome.audit_failed), late, status_of(Outcome.closed)), [failed], [asking], "/t/", "/"
    )
    audit, behind, run, asks = (html.unescape(line) for line in lines)
    assert "audit failed" in audit and 'href="/t/sessions/s%20%3C1%3E"' in audit
    assert "late" in behind and "behind by 5.0 h, fresh within 3 h" in behind
    assert (
        "the latest run of" in run
        and 'href="/dags/land%20%3Clogs%3E/runs/manual__1"' in run
        and "2026-04-12 09:00" in run
    )
    assert "waits for an approval" in asks and 'href="/dags/restate/runs/manual__2"' in asks
    assert "<logs>" not in "".join(lines)
    assert attention_section(lines).count("<li>") == 4
    assert attention_section([]) == ""


def test_a_session_is_left_only_if_no_other_run_of_its_dag_goes_on_with_it() -> None:
    last = Session("s1", "s.a", "append", AT, AT, "build/first", Outcome.planned, None, None)
    open_one = status_of(Outcome.planned, last=last, progress=Progress("write", AT))
    states = {"build/first": "failed"}
    assert find_open([open_one], states).left == (open_one,)
    assert find_open([open_one], states, {"build"}).running == (open_one,)
    assert find_open([open_one], {"build/first": "running"}).running == (open_one,)


@pytest.mark.dags
def test_the_page_says_at_which_address_it_stands_alone() -> None:
    from starlette.requests import Request

    from tidemark.airflow.pages.app import own_address

    headers = [(b"host", b"airflow.example.org:8080")]
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/tidemark/", "query_string": b"q=<b>"}
    remark = own_address(Request({**scope, "headers": headers}))
    assert "stands alone at http://airflow.example.org:8080/tidemark/<" in remark


class TestPage:
    """The status page of the served home."""

    pytestmark = SERVED

    def test_a_session_in_progress_shows_its_step_since_when_and_its_run(self, pages: Pages) -> None:
        text = pages.ask("/tidemark/", "viewer").text
        section = text.partition('id="now"')[2].partition("</section>")[0]
        row = next(row for row in re.findall(r"<tr>.*?</tr>", section) if "open-runs" in row)
        assert "write" in row and "left" not in row
        now, since = (datetime.strptime(re.findall(INSTANT, each)[0], "%Y-%m-%d %H:%M") for each in (text, row))
        minutes = int((now - since) / timedelta(minutes=1))  # both are cut to the minute, so one less is right, too
        assert minutes >= 75
        assert any(f"for {m // 60} h {m % 60} min" in row for m in (minutes - 1, minutes))
        dag, _, run = RUNNING.partition("/")
        assert f'href="/dags/{dag}/runs/{run}"' in row and RUNS.partition(".")[2] in row

    def test_a_session_that_a_failed_run_left_is_not_shown_as_running(self, pages: Pages) -> None:
        text = pages.ask("/tidemark/", "viewer").text
        running, section = (text.partition(f'id="{each}"')[2].partition("</section>")[0] for each in ("now", "left"))
        assert "open-left" not in running
        assert f"<strong>{running.count('<tr><td')}</strong><span>session" in text
        assert "and no run of its DAG is under way" in section
        row = next(row for row in re.findall(r"<tr>.*?</tr>", section) if "open-left" in row)
        assert "left; its run ended: failed" in row and FAILED.partition("/")[2] in row
        assert "search_<wbr>requests" in row and LEFT == "search.search_requests"

    def test_what_failed_is_named_on_top_with_its_session_and_its_run(self, pages: Pages) -> None:
        text = pages.ask("/tidemark/", "viewer").text
        section = text.partition('id="attention"')[2].partition("</section>")[0]
        dag, _, run = FAILED.partition("/")
        assert f'href="/dags/{dag}/runs/{run}"' in section and "the latest run of" in section
        assert "audit failed" in section
        assert f"<strong>{section.count('<li>')}</strong>" in text
        assert text.index('id="attention"') < text.index('id="now"')

    def test_a_service_that_died_is_named_with_when_and_why(self, pages: Pages) -> None:
        text = pages.ask("/tidemark/", "viewer").text
        section = text.partition('id="services"')[2].partition("</section>")[0]
        assert HOSTILE not in section
        shown = html.unescape(re.sub(r"<time[^>]*>|</time>", "", section))
        assert re.search(
            r"airflow-scheduler at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(wall clock\): killed by SIGKILL", shown
        )
