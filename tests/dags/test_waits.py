"""Scheduled nights in order: what each DAG waits for, how long, and that a usual night reaches yesterday's end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dags.test_dags import groups
from tidemark.landing.files.discovery import settling_of
from tidemark.operate.reach import reach_of
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
from tidemark.state.ranges import floor
from tidemark.steps.input_state import bounds_reader

pytestmark = pytest.mark.dags

Dags = dict[str, Any]
SETTINGS = load_settings({})
SPECS = load_specs(SETTINGS.schemas, SETTINGS.values)
WAITS = {
    "build_interactions": {"search.search_queries", "search.search_events"},
    "build_training_data": {"search.interactions"},
    "train_ranker": {"ranking.training_examples"},
}
TODAY = datetime(2026, 4, 12, tzinfo=UTC)


def waits(dag: dict[str, Any]) -> dict[str, str]:
    """Return the waits of a DAG: for each table the id of the task."""
    return {task["awaited"]: name for name, task in dag["tasks"].items() if task["awaited"]}


def ancestors(dag: dict[str, Any], name: str) -> set[str]:
    """Return the ids of all tasks before a task."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        new = set(dag["tasks"][ahead.pop()]["upstream"]) - found
        found |= new
        ahead += new
    return found


def clock(dag: dict[str, Any], day: datetime = TODAY) -> datetime:
    """Return when the first run of a day starts, in UTC."""
    minute, hour, *_ = dag["cron"].split()
    return day + timedelta(hours=0 if hour == "*" else int(hour), minutes=int(minute))


def deadline(dag: dict[str, Any]) -> timedelta:
    """Return the deadline of a DAG's waits."""
    (seconds,) = {task["deadline"] for task in dag["tasks"].values() if task["awaited"]}
    return timedelta(seconds=seconds)


def test_the_dags_after_landing_wait_and_no_others(dags: Dags) -> None:
    assert {name: set(waits(dag)) for name, dag in dags.items() if waits(dag)} == WAITS


@pytest.mark.parametrize("name", sorted(WAITS))
def test_a_dataset_begins_after_the_waits_for_what_it_reads(
    dags: Dags,
    name: str,
) -> None:
    dag, inside = dags[name], groups(dags[name])
    for dataset, steps in inside.items():
        before = ancestors(dag, steps["init"]["id"])
        reads = {i.dataset for i in SPECS[dataset].inputs.values() if bounds_reader(SPECS[dataset], SPECS[i.dataset])}
        assert {waits(dag)[table] for table in reads & set(waits(dag))} <= before, dataset
        assert before & set(waits(dag).values()), f"{dataset} begins without a wait"
        assert reads <= set(inside) | set(waits(dag)) | _built_before(WAITS[name]), dataset


def _built_before(tables: set[str]) -> set[str]:
    """Return what the tables are built from, directly or not: it is complete whenever they are."""
    inputs = {i.dataset for table in tables for i in SPECS[table].inputs.values() if i.dataset != table}
    return inputs | _built_before(inputs) if inputs else inputs


def test_a_wait_of_an_hourly_run_leaves_time_for_its_work(dags: Dags) -> None:
    assert deadline(dags["build_interactions"]) <= timedelta(minutes=45)
    assert clock(dags["land_search_logs"]) + timedelta(minutes=15) <= TODAY + deadline(dags["build_interactions"])


def test_a_wait_of_a_daily_run_ends_long_before_the_next_one(dags: Dags) -> None:
    for name in ("build_training_data", "train_ranker"):
        assert deadline(dags[name]) <= timedelta(hours=12)


def test_the_ranker_waits_longer_than_what_it_waits_for(dags: Dags) -> None:
    data, ranker = dags["build_training_data"], dags["train_ranker"]
    assert clock(ranker) + deadline(ranker) > clock(data) + deadline(data)


def test_landing_completes_the_hour_that_has_just_ended(dags: Dags) -> None:
    landing = SPECS["search.search_events"].landing
    assert landing is not None
    settled = clock(dags["land_search_logs"]) - settling_of(SETTINGS, landing)
    assert floor(settled, "hour") == TODAY


def test_after_a_usual_night_the_examples_hold_all_of_yesterday(
    dags: Dags,
) -> None:
    """The examples of the cut that ends at today's 00:00 look at yesterday and no later day."""
    (examples,) = waits(dags["train_ranker"])
    end = floor(clock(dags["train_ranker"]), "hour")
    wanted = reach_of(examples, SPECS, end).complete_through
    assert wanted == TODAY + timedelta(days=1)
    assert reach_of(examples, SPECS, TODAY).complete_through == wanted
    assert reach_of(examples, SPECS, TODAY - timedelta(hours=1)).complete_through == TODAY


@pytest.mark.parametrize("name", ["land_search_logs", *sorted(WAITS)])
def test_an_asset_names_its_table(dags: Dags, name: str) -> None:
    for dataset, steps in groups(dags[name]).items():
        assert steps["commit"]["metadata"] == [{"table": dataset}]
