"""Which conditions a status shows, and what is told of them when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tidemark.operate.accounts import SessionAccount
from tidemark.operate.alerts.alert import Kind
from tidemark.operate.alerts.conditions import Condition, find_conditions, inputs_of
from tidemark.operate.alerts.record import State, Told
from tidemark.operate.alerts.watch import CATCH_UP, find_news
from tidemark.operate.in_progress import STUCK_AFTER
from tidemark.operate.session_outcomes import Outcome, Session
from tidemark.operate.status import DatasetStatus
from tidemark.operate.waiting import Wait
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.spec.model import LandingSpec
from tidemark.state.account import Account
from tidemark.state.ranges import Interval

NOW = datetime(2026, 4, 12, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def spec(name: str, *inputs: str) -> DatasetSpec:
    windows = {each: InputSpec(each, each) for each in inputs}
    return DatasetSpec(name, "w", ("k",), "stateful", {}, Path(f"{name}.yaml"), inputs=windows)


SPECS = {each.dataset: each for each in (spec("s.a"), spec("s.b", "s.a"), spec("s.c", "s.b", "s.c"))}


def status(
    name: str, late: bool = False, waits_for: tuple[Wait, ...] = (), last: Session | None = None
) -> DatasetStatus:
    through = NOW - (9 if late else 1) * HOUR
    behind = (NOW - through) / HOUR
    base = DatasetStatus(name, "stateful", True, through, through, behind, last, (), (), waits_for, None)
    return replace(base, fresh_within_hours=3.0, late=late)


def session(outcome: Outcome, age: timedelta = HOUR, name: str = "s-1") -> Session:
    return Session(name, "s.a", "overwrite", NOW - age, NOW - age, None, outcome, None, None)


def landed(name: str, taken: int | None = None, refused: int | None = None) -> DatasetStatus:
    """A landed table, or the quarantine, with the account of its newest landing."""
    account = SessionAccount("s-1", NOW, 1, Account(taken=taken, refused=refused))
    return replace(status(name), account=account)


def test_a_landing_that_refused_more_than_a_few_records_is_told() -> None:
    landing = LandingSpec("logs", ("logs",), "p:f", quarantine="s.q")
    specs = {name: replace(spec(name), landing=landing) for name in ("s.a", "s.b")}
    specs["s.q"] = replace(spec("s.q"), landing=replace(landing, quarantine=None))

    def told_of(refused: int) -> list[str]:
        found = (landed("s.a", taken=900), landed("s.b", taken=50), landed("s.q", refused=refused))
        return [each.alert.what for each in find_conditions(found, specs, NOW)]

    assert told_of(50) == [], "exactly the share that is allowed"
    assert told_of(51) == ["the newest landing refused 51 of 1,001 records"]
    assert told_of(0) == []
    assert list(find_conditions((landed("s.a", taken=0),), specs, NOW)) == [], "no quarantine has an account"


def conditions(*found: DatasetStatus) -> list[Condition]:
    return list(find_conditions(found, SPECS, NOW))


def told(condition: Condition, at: datetime = NOW - HOUR, state: State = State.began) -> dict[str, Told]:
    alert = condition.alert
    row = Told(condition.key, alert.kind, alert.where, condition.dataset, condition.session, state, at)
    return {condition.key: row}


def news(found: Sequence[DatasetStatus], before: dict[str, Told]) -> list[tuple[str, bool]]:
    return [(each.key, each.alert.over) for each in find_news(conditions(*found), before, found, NOW)]


def test_a_dataset_within_its_deadline_shows_nothing() -> None:
    assert conditions(status("s.a"), status("s.b", waits_for=(Wait("s.a", NOW),))) == []


def test_a_late_dataset_is_told_with_its_deadline_and_whom_it_holds_back() -> None:
    a, b, _ = conditions(status("s.a", late=True), status("s.b", late=True), status("s.c", late=True))
    assert (a.key, a.alert.kind) == ("late s.a", Kind.late)
    assert a.alert.what.splitlines() == [
        "complete through 2026-04-12T00:00Z: behind by 9.0 h, fresh within 3 h",
        "it holds back s.b, s.c",
    ]
    assert a.alert.next_command == ".venv/bin/tidemark plan s.a"
    assert b.because_of == ("late s.a",)


def test_only_the_first_late_dataset_of_a_chain_is_told() -> None:
    found = [status("s.a", late=True), status("s.b", late=True), status("s.c", late=True)]
    assert news(found, {}) == [("late s.a", False)]
    assert news(found[1:], {}) == [("late s.b", False)]


def test_a_late_dataset_that_waits_for_an_input_is_blocked_by_it() -> None:
    (blocked,) = conditions(status("s.a"), status("s.b", late=True, waits_for=(Wait("s.a", None),)))
    assert blocked.alert.kind is Kind.blocked
    assert "it waits for s.a (nothing published)" in blocked.alert.what
    assert blocked.alert.next_command == ".venv/bin/tidemark plan s.a"


def test_a_condition_is_told_when_it_begins_and_when_it_is_over_and_not_between() -> None:
    late, fresh = [status("s.a", late=True)], [status("s.a")]
    (condition,) = conditions(*late)
    assert news(late, {}) == [("late s.a", False)]
    assert news(late, told(condition)) == []
    assert news(fresh, told(condition)) == [("late s.a", True)]
    ended = told(condition, state=State.over)
    assert news(fresh, ended) == []
    assert news(late, ended) == [("late s.a", False)]


def test_readers_may_catch_up_after_their_input_before_they_are_told() -> None:
    (condition,) = conditions(status("s.a", late=True))
    found = [status("s.a"), status("s.b", late=True)]
    assert news(found, told(condition, NOW - HOUR, State.over)) == []
    assert news(found, told(condition, NOW - CATCH_UP, State.over)) == [("late s.b", False)]


def test_overdue_data_is_told_with_the_backfill_that_mends_it() -> None:
    day = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    (condition,) = conditions(replace(status("s.a"), overdue=(day,)))
    assert condition.alert.kind is Kind.overdue
    assert condition.alert.next_command == (
        ".venv/bin/tidemark run s.a --from 2026-01-01T00:00 --to 2026-01-02T00:00 --reason overdue"
    )


@pytest.mark.parametrize("outcome", [Outcome.planned, Outcome.published])
def test_a_session_that_stays_open_is_stuck(outcome: Outcome) -> None:
    assert conditions(status("s.a", last=session(outcome, STUCK_AFTER))) == []
    (stuck,) = conditions(status("s.a", last=session(outcome, STUCK_AFTER + timedelta(minutes=1))))
    assert (stuck.key, stuck.alert.kind, stuck.alert.page) == ("stuck s.a", Kind.stuck, "sessions/s-1")


@pytest.mark.parametrize("outcome", [Outcome.closed, Outcome.lost])
def test_a_session_that_ended_is_not_stuck(outcome: Outcome) -> None:
    assert conditions(status("s.a", last=session(outcome, 9 * STUCK_AFTER))) == []


def test_a_failed_audit_holds_until_a_later_session_has_closed() -> None:
    failed = [status("s.a", last=session(Outcome.audit_failed))]
    (condition,) = conditions(*failed)
    before = told(condition)
    assert condition.key == "AuditFailed s.a"
    assert news(failed, before) == []
    again = session(Outcome.planned, timedelta(0), "s-2")
    assert news([status("s.a", last=again)], before) == []
    older = session(Outcome.closed, 2 * HOUR, "s-0")
    assert news([status("s.a", last=older)], before) == []
    assert news([status("s.a", last=replace(again, outcome=Outcome.closed))], before) == [("AuditFailed s.a", True)]
    assert news([status("s.a", last=session(Outcome.closed, 2 * HOUR, "s-1"))], before) == [("AuditFailed s.a", True)]


def test_a_refused_ranker_is_told_once_and_never_as_over() -> None:
    refused = Condition("refused r1", replace(conditions(status("s.a", late=True))[0].alert, kind=Kind.refused))
    before = told(refused)
    assert list(find_news([refused], {}, [], NOW)) == [refused]
    assert list(find_news([refused], before, [], NOW)) == []
    assert list(find_news([], before, [], NOW)) == []


def test_inputs_are_found_through_others_and_a_dataset_is_not_its_own() -> None:
    assert inputs_of(SPECS, "s.c") == ("s.a", "s.b")
