"""`tidemark status`: how far each dataset is, what became of its last session, and what it waits for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, hour
from tests.loop.beside import quietly
from tidemark import session
from tidemark.catalog import ops
from tidemark.cli.main import main
from tidemark.errors import AuditFailed
from tidemark.operate.session_outcomes import Outcome
from tidemark.operate.status import DatasetStatus, read_status
from tidemark.operate.status_text import describe_behind
from tidemark.operate.waiting import Wait

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, FACTS = "accounts.account_states", "accounts.signups"


def status_of(accounts: Accounts, dataset: str, now: datetime | None = None) -> DatasetStatus:
    found = read_status(accounts.context.lake, accounts.context.specs, now or datetime.now(UTC), {})
    return next(status for status in found if status.dataset == dataset)


def fill(accounts: Accounts, plan: str, last: int = 0) -> None:
    accounts.append(SIGNUPS, [Event(f"s{last}", f"a{last}", last + 0.5, plan)], complete=last)
    accounts.complete(PLANS, last)
    accounts.complete(CANCELS, last)


def test_a_failed_audit_is_told_also_after_another_session_published(
    accounts: Accounts, command_line: None, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(accounts, "")
    with pytest.raises(AuditFailed):
        accounts.run(STATES)
    failed = status_of(accounts, STATES).last
    assert failed is not None and failed.outcome is Outcome.audit_failed

    accounts.delete(SIGNUPS, "plan = ''")
    fill(accounts, "basic", 1)
    accounts.run(STATES)
    last = status_of(accounts, STATES).last
    assert last is not None and last.outcome is Outcome.closed and last.session != failed.session
    capsys.readouterr()
    assert main(["sessions", STATES]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if failed.session in line]
    assert [line.count("not published: its audit failed") for line in lines] == [1]


def test_an_audit_is_told_by_both_clocks(accounts: Accounts) -> None:
    began = datetime.now(UTC)
    fill(accounts, "basic")
    accounts.run(STATES, clock=hour(24 * 900))
    last = status_of(accounts, STATES).last
    assert last is not None and last.audit is not None and last.audit.recorded_at is not None
    assert last.audit.audited_at == last.planned_at == hour(24 * 900)
    assert began <= last.audit.recorded_at <= datetime.now(UTC)
    assert last.audit.word == "passed" and last.audit.checks > 5


def test_the_last_session_is_the_newest_by_the_wall_clock_whatever_the_clock_of_its_run(accounts: Accounts) -> None:
    fill(accounts, "basic")
    accounts.run(STATES, clock=hour(24 * 900))
    fill(accounts, "basic", 1)
    second = accounts.run(STATES, clock=hour(24)).plan.session
    last = status_of(accounts, STATES).last
    assert last is not None and last.session == second


def test_behind_is_the_time_to_the_wall_clock(accounts: Accounts) -> None:
    fill(accounts, "basic")
    accounts.run(STATES)
    assert status_of(accounts, STATES, hour(4.5)).hours_behind == 3.5
    assert status_of(accounts, STATES, hour(-10)).hours_behind == 0
    assert describe_behind(status_of(accounts, STATES, hour(0.99))) == "0.0 h", "and not -0.0 h"


def test_the_input_that_keeps_a_dataset_back_is_named(accounts: Accounts) -> None:
    assert status_of(accounts, STATES).waits_for == (Wait(CANCELS, None), Wait(PLANS, None), Wait(SIGNUPS, None))
    fill(accounts, "basic")
    accounts.run(STATES)
    for feed in (SIGNUPS, PLANS):
        accounts.complete(feed, 9)
    assert status_of(accounts, STATES).waits_for == (Wait(CANCELS, hour(1)),)
    accounts.complete(CANCELS, 9)
    assert status_of(accounts, STATES).waits_for == ()


def test_how_far_an_open_session_came_is_told(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5)], complete=0)
    planned = session.init(accounts.context, FACTS, say=quietly).plan.session

    def outcome() -> Outcome | None:
        last = status_of(accounts, FACTS).last
        return last.outcome if last is not None and last.session == planned else None

    assert outcome() is Outcome.planned
    session.write_audit_publish(accounts.context, FACTS, planned, say=quietly)
    assert outcome() is Outcome.published
    session.commit(accounts.context, FACTS, planned, say=quietly)
    assert outcome() is Outcome.closed


def test_the_plans_of_closed_sessions_are_not_read(accounts: Accounts) -> None:
    fill(accounts, "basic")
    accounts.run(STATES)
    old = [
        {
            "session": f"old-{number}",
            "dataset": FACTS,
            "how": "append",
            "plan": "unreadable",
            "planned_at": hour(number),
        }
        for number in range(50)
    ]
    marks = [{"session": row["session"], "dataset": FACTS, "committed_at": row["planned_at"]} for row in old]
    ops.append(accounts.context.lake, "ops.sessions", old)
    ops.append(accounts.context.lake, "ops.high_watermarks", marks)
    last = status_of(accounts, FACTS).last
    assert last is not None and last.outcome is Outcome.closed and last.session.startswith("old-")


def test_the_run_that_planned_a_session_is_on_record(accounts: Accounts) -> None:
    fill(accounts, "basic")
    context = replace(accounts.context, run="build/manual")
    session.run(context, STATES, say=quietly)
    last = status_of(accounts, STATES).last
    assert last is not None and last.run == "build/manual"


def test_the_command_prints_a_line_for_each_dataset_or_json(
    accounts: Accounts, command_line: None, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(accounts, "basic")
    done = accounts.run(STATES)
    capsys.readouterr()
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    assert re.search(
        rf"^{STATES} +2026-04-12T01:00Z .* h +{done.plan.session}: published and closed; audit passed", text, re.M
    )
    assert main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    datasets = {entry["dataset"]: entry for entry in found["datasets"]}
    assert datasets.keys() == accounts.context.specs.keys()
    assert datasets[STATES]["complete_through"] == "2026-04-12T01:00Z"
    assert datasets[STATES]["last"]["outcome"] == "published and closed"
    assert datetime.fromisoformat(found["at"]) - datetime.now(UTC) < timedelta(minutes=5)


def test_each_command_that_shows_the_loop_prints_json_on_request(
    accounts: Accounts, command_line: None, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(accounts, "basic")
    done = accounts.run(STATES)

    def printed(*words: str) -> Any:
        capsys.readouterr()
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    mark = printed("watermarks")["datasets"][STATES]["watermark"]
    assert (mark["session"], mark["complete_through"]) == (done.plan.session, "2026-04-12T01:00Z")
    (shown,) = printed("sessions", STATES)["sessions"]
    assert (shown["session"], shown["outcome"]) == (done.plan.session, "published and closed")
    assert shown["rebuilds"] == [["2026-04-12T00:00Z", "2026-04-12T01:00Z"]]
    assert printed("plan", STATES)["plan"]["effect"] == {"kind": "nothing"}
    planned = printed("plan", STATES, "--from", "2026-04-12T00:00Z", "--to", "2026-04-12T01:00Z")
    assert (planned["plan"]["effect"]["kind"], planned["preview"]["partitions"]) == ("replace_ranges", 1)
    assert planned["preview"]["replaced"]["rows"] == len(accounts.rows(STATES))
