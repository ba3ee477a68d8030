"""The current version and specs read and continue a lake of the search domain that an earlier version wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.stored.conftest import Stored
from tests.stored.half_done import HalfDone
from tests.stored.holdings import decision, files, rows
from tests.stored.search_lake import (
    LANDED,
    day,
    hand_in,
    late_click,
    open_search,
    requests,
    run_all,
    run_until_nothing_is_owed,
)
from tidemark import session
from tidemark.catalog import ops
from tidemark.errors import InputChanged
from tidemark.lineage.publish_commit import watermark_of
from tidemark.operate.audit_history import read_history, series_of
from tidemark.operate.audit_nights import read_nights
from tidemark.state.effect import How
from tidemark.state.plan import Plan
from tidemark.steps.context import Context

pytestmark = pytest.mark.loop

REASONS = ("the logic changed since the table was built", "changed: the logic")
"""How the notes begin that explain a rebuild by a changed logic alone."""
ANEW = "starts again from init"


@pytest.fixture
def old(stored_search: Stored) -> Iterator[Context]:
    """The lake as the current version opens it, without Spark."""
    context = open_search(stored_search.home)
    yield context
    context.lake.catalog.engine.dispose()


@pytest.fixture
def context(stored_search: Stored, spark_remote: str) -> Iterator[Context]:
    """The lake as the current version opens it."""
    context = open_search(stored_search.home, spark_remote)
    yield context
    context.lake.catalog.engine.dispose()


def test_s72_every_search_table_holds_the_rows_that_it_held(old: Context, stored_search: Stored) -> None:
    for dataset, table in stored_search.held["tables"].items():
        assert rows(old.lake, dataset) == table["rows"], dataset


def test_s72_every_watermark_and_plan_of_the_search_lake_is_read(old: Context, stored_search: Stored) -> None:
    for dataset, table in stored_search.held["tables"].items():
        found = watermark_of(old.lake.table(dataset))
        assert (json.loads(found.to_json()) if found else None) == table["watermark"], dataset
    plans = [(row["session"], Plan.from_json(row["plan"])) for row in ops.rows(old.lake, "ops.sessions")]
    assert [name for name, plan in plans if plan.session != name] == []
    assert len(plans) == stored_search.held["sessions"]


def test_s72_the_audits_of_an_earlier_version_are_shown_without_numbers(old: Context) -> None:
    audited = {row["dataset"] for row in ops.rows(old.lake, "ops.audit_results")}
    assert audited
    for dataset in audited:
        sessions, _ = read_history(old.lake, dataset)
        assert sessions, dataset
        for series in series_of(sessions):
            assert series.last.observed or series.last.expected, series.check
    assert read_nights(old.lake, day(0)) is not None, "a column that an older table lacks is no error"


def test_s72_no_search_table_is_rebuilt_without_a_reason(old: Context, stored_search: Stored) -> None:
    for dataset, table in stored_search.held["tables"].items():
        try:
            plan = session.plan(old, dataset)
        except InputChanged as refused:
            assert "first" in str(refused), "an input has to follow its spec before its readers are planned"
            continue
        if dataset in LANDED:
            assert lands_what_is_new(plan, table["next"]), dataset
        elif not any(note.startswith(REASONS) for note in plan.notes):
            assert decision(plan) == table["next"], dataset


def lands_what_is_new(plan: Plan, earlier: Mapping[str, Any]) -> bool:
    """Return true if a source only lands new files. Landed rows are never rebuilt, even if the parser has changed."""
    if earlier["files"]:
        return decision(plan) == earlier
    return plan.how in (How.touch, How.nothing)


@pytest.mark.spark
@pytest.mark.long
def test_s72_the_search_lake_is_continued_and_equals_a_fresh_one(
    context: Context, stored_search: Stored, tmp_path: Path
) -> None:
    landed = {dataset: files(context.lake, dataset) for dataset in LANDED}
    continue_all(context, stored_search)
    landing = context.settings.landing
    hand_in(landing, "logs", 4.5, [*requests(4, 3), late_click(2, 1), "{broken again"])

    run_all(replace(context, clock=day(5)))

    for dataset, before in landed.items():
        assert before <= files(context.lake, dataset), f"{dataset}: landed files stay"
    fresh = fresh_lake(context, tmp_path / "fresh")
    for dataset, spec in context.specs.items():
        if spec.mode != "versioned" and context.lake.find_table(dataset) is not None:
            assert rows(context.lake, dataset) == rows(fresh.lake, dataset), dataset
    fresh.lake.catalog.engine.dispose()


def continue_all(context: Context, stored: Stored) -> None:
    """Finish the unfinished session of each dataset, inputs first, and then run its next sessions."""
    for dataset in session.dependency_order(dict(context.specs)):
        left = stored.half_done.get(dataset)
        if left is not None:
            finish(context, dataset, left)
        run_until_nothing_is_owed(context, dataset, [])


def finish(context: Context, dataset: str, left: HalfDone) -> None:
    """Finish a session by its id. If its spec has changed since, it is planned again and says so."""
    said: list[str] = []
    done = left.session
    if left.step == "published":
        session.run(context, dataset, say=said.append)
    else:
        done = session.write_audit_publish(context, dataset, left.session, say=said.append).plan.session
        session.commit(context, dataset, done, say=said.append)
    assert done == left.session or ANEW in "".join(said), dataset
    assert len(ops.rows(context.lake, "ops.high_watermarks", ops.of_session(done))) == 1, dataset


def fresh_lake(context: Context, home: Path) -> Context:
    """Build a lake with the current version from the same files in one run."""
    shutil.copytree(context.settings.landing, home / "landing")
    shutil.copy2(context.settings.home / "search.yaml", home / "search.yaml")
    fresh = open_search(home, context.settings.spark_remote, day(5))
    run_all(fresh)
    return fresh
