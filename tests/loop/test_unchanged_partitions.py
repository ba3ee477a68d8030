"""S67: what a session rebuilds and finds equal to what main holds does not flow on to readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, hour, hours, same_rows_as_rebuild
from tidemark import session
from tidemark.catalog import ops
from tidemark.catalog.part_of_commit import commit_files
from tidemark.catalog.properties import PART_OF, SESSION, property_of
from tidemark.lineage.history import session_branches
from tidemark.stages import Planned
from tidemark.state.cause import Restatement, Resync
from tidemark.state.effect import How, Nothing
from tidemark.steps.audit import audit
from tidemark.steps.unchanged import leave_out_unchanged
from tidemark.steps.write import write

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, ACTIVE, FACTS = "accounts.account_states", "accounts.active_accounts", "accounts.signups"


@pytest.fixture
def built(accounts: Accounts) -> Accounts:
    """States of eight hours, whose account changes its plan in hours 2 and 5, and their reader."""
    accounts.append(SIGNUPS, [Event("s", "a", 0.5)], complete=7)
    accounts.append(PLANS, [Event("p2", "a", 2.5, "plus"), Event("p5", "a", 5.5, "pro")], complete=7)
    accounts.append(CANCELS, [], complete=7)
    accounts.run(STATES)
    accounts.run(ACTIVE)
    return accounts


def by_hour(world: Accounts, dataset: str) -> dict[int, set[str]]:
    """Return the data files of main by the hour of their rows."""
    found: dict[int, set[str]] = {}
    for task in world.table(dataset).scan().plan_files():
        found.setdefault(int(task.file.partition[0]), set()).add(task.file.file_path)
    return found


def how_recorded(world: Accounts, of: str) -> str:
    (row,) = ops.rows(world.context.lake, "ops.high_watermarks", ops.of_session(of), ("how",))
    return str(row["how"])


@pytest.mark.both_catalogs
def test_s67_a_restatement_that_changes_nothing_stops_at_its_first_table(built: Accounts) -> None:
    head, files = built.head(STATES), built.files(STATES)

    done = built.run(STATES, Restatement(hours(1, 4), "again", "to be sure"))

    assert done.plan.how is How.overwrite
    assert (built.head(STATES), built.files(STATES)) == (head, files)
    assert done.watermark == built.watermark(STATES)
    assert done.watermark is not None and done.watermark.session == done.plan.session
    assert how_recorded(built, done.plan.session) == How.touch
    assert session_branches(built.table(STATES), done.plan.session) == []
    assert isinstance(built.plan(ACTIVE).effect, Nothing)
    assert "rebuilt 4 partitions, with the same rows as before: main stays as it is" in "\n".join(built.said)


def test_s67_the_same_request_is_not_carried_out_twice(built: Accounts) -> None:
    asked = Restatement(hours(1, 4), "again", "to be sure")
    built.run(STATES, asked)
    assert isinstance(built.run(STATES, asked).plan.effect, Nothing)


def test_s67_a_late_event_moves_on_only_the_hours_that_it_changes(built: Accounts, tmp_path: Path) -> None:
    before = by_hour(built, STATES)
    built.append(PLANS, [Event("p3", "a", 3.5, "max", landed=7)], complete=7)

    done = built.run(STATES)

    after = by_hour(built, STATES)
    assert done.plan.ranges == (hours(3, 7),), "everything after the event is rebuilt"
    changed = {at for at in before if before[at] != after[at]}
    assert {at - min(before) for at in changed} == {3, 4}, "but from hour 5 on another plan was in force anyway"
    assert built.plan(ACTIVE).ranges == (hours(3, 4),)
    same_rows_as_rebuild(built, STATES, tmp_path / "clean")
    built.run(ACTIVE)
    same_rows_as_rebuild(built, ACTIVE, tmp_path / "clean of reader")


def test_s67_a_resync_of_what_is_right_moves_nothing(built: Accounts) -> None:
    head = built.head(STATES)
    done = built.run(STATES, Resync("to be sure"))
    assert built.head(STATES) == head
    assert done.watermark is not None and done.watermark.complete_through == hour(8)


def test_s67_an_hour_that_lost_its_rows_differs(built: Accounts, tmp_path: Path) -> None:
    built.append(SIGNUPS, [Event("t", "b", 6.5)], complete=7)
    built.run(STATES)
    built.delete(SIGNUPS, "event_id = 's'")

    done = built.run(STATES)

    assert min(row["hour"] for row in built.rows(STATES)) == hour(6)
    assert how_recorded(built, done.plan.session) == How.overwrite
    same_rows_as_rebuild(built, STATES, tmp_path / "clean")


def test_s67_a_stateless_table_is_compared_too(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, [Event(f"s{at}", "a", at) for at in (1.1, 1.2, 2.1)], complete=3)
    accounts.run(FACTS)
    before = by_hour(accounts, FACTS)
    accounts.delete(SIGNUPS, "event_id = 's1.2'")
    accounts.append(SIGNUPS, [Event("s3.1", "a", 3.1)], complete=3)

    accounts.run(FACTS)

    after = by_hour(accounts, FACTS)
    assert {at for at in before if before[at] == after.get(at)} == {max(before)}, "hour 2 keeps its file"
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


@pytest.mark.both_catalogs
def test_s67_a_part_is_committed_although_another_branch_of_the_table_moves(
    built: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody commits to another branch between the part's reading of the table and its commit."""
    built.append(PLANS, [Event("p3", "a", 3.5, "max", landed=7)], complete=7)
    planned: Planned = session.init(built.context, STATES, say=built.said.append)
    audited = audit(built.context, write(built.context, planned, "one"))
    refused: list[CommitFailedException] = []

    def beside_another_commit(table: Table, *args: Any) -> int:
        if not refused:
            nothing = table.schema().as_arrow().empty_table()
            built.table(STATES).append(nothing, branch=audited.staged.branch)
        try:
            return commit_files(table, *args)
        except CommitFailedException as error:
            refused.append(error)
            raise

    monkeypatch.setattr("tidemark.steps.unchanged.commit_files", beside_another_commit)

    part = leave_out_unchanged(built.context, audited, print)

    assert len(refused) == 1
    assert part.snapshot_id != audited.snapshot_id, "the part was committed at the second try"


@pytest.mark.both_catalogs
def test_s67_a_session_that_died_with_its_part_committed_is_carried_out_again(built: Accounts) -> None:
    built.append(PLANS, [Event("p3", "a", 3.5, "max", landed=7)], complete=7)
    planned: Planned = session.init(built.context, STATES, say=built.said.append)
    died = leave_out_unchanged(built.context, audit(built.context, write(built.context, planned, "one")), print)
    part = built.table(STATES).snapshot_by_id(died.snapshot_id)
    assert part is not None and property_of(part, PART_OF) == str(died.staged.snapshot_id)
    assert len(session_branches(built.table(STATES), planned.plan.session)) == 2

    done = built.run(STATES)

    head = built.table(STATES).current_snapshot()
    assert head is not None and property_of(head, SESSION) == done.plan.session == planned.plan.session
    assert session_branches(built.table(STATES), planned.plan.session) == []
    assert built.plan(ACTIVE).ranges == (hours(3, 4),)
