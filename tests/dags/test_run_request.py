"""From an Airflow run to the clock, range and reason of its sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tidemark.airflow.run_request import RunRequest, name_of, read_request
from tidemark.errors import RequestRefused
from tidemark.state.ranges import Interval

DECLARED = ("from", "to", "reason", "clock")
"""The parameters that any DAG declares."""


@dataclass
class FakeRun:
    """The part of Airflow's DagRun that is used."""

    run_type: str = "manual"
    dag_id: str = "build_interactions"
    run_id: str = "manual__1"
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    run_after: datetime = datetime(2026, 4, 12, 9, 20, tzinfo=UTC)
    start_date: datetime | None = datetime(2026, 4, 12, 9, 21, tzinfo=UTC)
    triggering_user_name: str | None = "ada"


def read(run: FakeRun, params: dict[str, Any], declared: Sequence[str] = DECLARED) -> RunRequest:
    """Return what a run asks for."""
    return read_request(run, params, declared)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, tzinfo=UTC)


def test_the_clock_of_a_scheduled_run_is_the_end_of_its_interval() -> None:
    found = read(FakeRun("scheduled", data_interval_start=at(12, 8), data_interval_end=at(12, 9)), {})
    assert (found.clock, found.range) == (at(12, 9), None)


def test_the_clock_of_a_manual_run_is_when_it_was_triggered() -> None:
    found = read(FakeRun(data_interval_end=at(12, 9)), {"from": None, "to": None, "reason": None})
    assert (found.clock, found.range) == (FakeRun.run_after, None)


def test_a_clock_can_be_given() -> None:
    assert read(FakeRun(), {"clock": "2026-04-13"}).clock == at(13)


def test_a_backfill_is_a_range_and_its_clock_is_its_start() -> None:
    run = FakeRun("backfill", data_interval_start=at(3, 8), data_interval_end=at(3, 9))
    found = read(run, {})
    assert found.range == Interval(at(3, 8), at(3, 9))
    assert found.clock == run.start_date
    assert found.request_id is None
    assert "ada" in found.reason


def test_a_reprocessed_run_is_a_backfill_whatever_its_id_says() -> None:
    run = FakeRun("backfill", run_id="scheduled__x", data_interval_start=at(3, 8), data_interval_end=at(3, 9))
    assert read(run, {}).range is not None


def test_from_and_to_are_a_range_with_a_request_id_of_the_run() -> None:
    params = {"from": "2026-04-03", "to": "2026-04-05", "reason": "bots"}
    first, again = read(FakeRun(), params), read(FakeRun(), params)
    other = read(FakeRun(run_id="manual__2"), params)
    assert first.range == Interval(at(3), at(5))
    assert first.reason == "bots"
    assert first.request_id == again.request_id != other.request_id


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"from": "2026-04-03"}, "to"),
        ({"to": "2026-04-03"}, "from"),
        ({"from": "2026-04-05", "to": "2026-04-03"}, "from"),
        ({"from": "0001-01-01", "to": "2026-04-03"}, "not between 1990 and 2100"),
        ({"from": "2026-04-03", "to": "2026-04-30"}, "to"),
        ({"from": "'; DROP TABLE t", "to": "2026-04-03"}, "from"),
        ({"from": "{{ ds }}", "to": "2026-04-03"}, "from"),
        ({"from": "2026-04-01", "to": "2026-04-03", "reason": "x" * 1_000_000}, "reason"),
        ({"from": "2026-04-01", "to": "2026-04-03", "reason": "two\nlines"}, "reason"),
        ({"clock": "yesterday"}, "clock"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(params: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestRefused, match=named):
        read(FakeRun(), params)


@pytest.mark.parametrize(
    ("params", "declared", "expected"),
    [
        (
            {"From": "2026-04-01", "To": "2026-04-03"},
            DECLARED[:3],
            "From, To: unknown parameter; build_interactions takes",
        ),
        (
            {"start": "2026-04-01", "end": "2026-04-03"},
            DECLARED[:3],
            "takes from, to, reason, spelled exactly like this;",
        ),
        (
            {"from": "2026-04-01", "to": "2026-04-03"},
            (),
            "from, to: unknown parameter; build_interactions takes no param",
        ),
        (
            {"from": "2026-04-01", "to": "2026-04-03"},
            DECLARED[3:],
            "takes clock, spelled exactly like this; trigger it again",
        ),
        ({"clok": None}, DECLARED, "clok: unknown parameter"),
        ({"x\n" * 5000: 1}, DECLARED, "unknown parameter"),
    ],
)
@pytest.mark.parametrize("kind", ["manual", "backfill"])
def test_a_parameter_that_the_dag_does_not_declare_is_refused(
    params: dict[str, Any], declared: Sequence[str], expected: str, kind: str
) -> None:
    run = FakeRun(kind, data_interval_start=at(3, 8), data_interval_end=at(3, 9))
    with pytest.raises(RequestRefused) as refused:
        read(run, dict.fromkeys(declared) | params, declared)
    assert expected in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


def test_a_backfill_with_a_range_of_its_own_is_refused() -> None:
    run = FakeRun("backfill", data_interval_start=at(3, 8), data_interval_end=at(3, 9))
    with pytest.raises(RequestRefused, match="backfill"):
        read(run, {"from": "2026-04-01", "to": "2026-04-02"})


RESTATE = ("dataset", "from", "to", "reason", "readers", "plan_only")
ASKED = {"dataset": "search.a", "from": "2026-04-01", "to": "2026-04-03", "reason": "a bot"}


def test_the_form_of_restate_names_one_dataset_and_says_whether_its_readers_run() -> None:
    found = read(FakeRun(dag_id="restate"), ASKED | {"readers": True, "plan_only": False}, RESTATE)
    assert found.range == Interval(at(1), at(3)) and found.reason == "a bot" and found.request_id
    assert (found.dataset, found.with_readers, found.plan_only) == ("search.a", True, False)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"dataset": "../etc"}, "dataset: .* is not a name"),
        ({"dataset": None}, "dataset: .* is not a name"),
        ({"from": None}, "from: missing"),
        ({"from": None, "to": None}, "from: missing"),
        ({"from": "2026-04-03", "to": "2026-04-01"}, "is not before to"),
        ({"to": "2027-01-01"}, "lies after the start of this run"),
        ({"readers": "yes"}, "^readers: yes is neither true nor false"),
        ({"plan_only": 1}, "^plan_only: 1 is neither true nor false"),
        ({"reason": "\n"}, "reason: write 1 to 500 printable characters"),
    ],
)
def test_a_wrong_form_of_restate_is_refused_by_name(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(RequestRefused, match=why):
        read(FakeRun(dag_id="restate"), {**ASKED, **wrong}, RESTATE)


def test_other_dags_rebuild_all_of_their_datasets() -> None:
    found = read(FakeRun(), {"from": "2026-04-01", "to": "2026-04-03"})
    assert (found.dataset, found.with_readers, found.plan_only) == (None, False, False)


def test_a_run_keeps_its_name_when_it_is_cleared_as_a_backfill() -> None:
    assert name_of(FakeRun("scheduled")) == name_of(FakeRun("backfill")) == "build_interactions/manual__1"
