"""The commands by which a person adopts a rollback and declares a source complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour, same_rows_as_rebuild
from tests.loop.housekeeping import expire, fold
from tidemark import session
from tidemark.catalog import ops
from tidemark.cli import sessions
from tidemark.cli.main import main
from tidemark.errors import ForeignCommit, MainMoved, RequestRefused, RolledBack, SnapshotExpired
from tidemark.lineage.target_integrity import check_target_integrity
from tidemark.operate import manual
from tidemark.operate.maintenance import maintain
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR
from tidemark.state.cause import Resync
from tidemark.state.effect import How
from tidemark.state.plan import Plan
from tidemark.steps.context import Context
from tidemark.steps.plan_store import store

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, FACTS = "accounts.account_states", "accounts.signups"
MODES = pytest.mark.parametrize("dataset", [FACTS, STATES])


def arrive(accounts: Accounts, at: float) -> None:
    accounts.append(SIGNUPS, [Event(f"s{at}", f"account-{at}", at)], complete=int(at))
    accounts.complete(PLANS, int(at))
    accounts.complete(CANCELS, int(at))


def roll_back(accounts: Accounts, dataset: str, snapshot: int) -> None:
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{dataset}', {snapshot})")


@MODES
def test_s60_an_adopted_rollback_takes_in_again_what_came_between_once(
    accounts: Accounts, dataset: str, tmp_path: Path
) -> None:
    arrive(accounts, 0.5)
    accounts.run(dataset)
    before = accounts.head(dataset)
    arrive(accounts, 1.5)
    accounts.run(dataset)
    roll_back(accounts, dataset, before)
    with pytest.raises(RolledBack, match=f"tidemark adopt {dataset}"):
        accounts.run(dataset)

    adopted = manual.adopt(accounts.context, dataset, "a test rolled it back", accounts.said.append)
    again = accounts.run(dataset)

    assert adopted.watermark is not None
    assert adopted.watermark.complete_through == hour(1)
    signups = next(i for i in again.plan.inputs.values() if i.dataset == SIGNUPS)
    assert signups.changes.startswith("1 snapshot (1 appended)")
    assert again.plan.complete_through == hour(2)
    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")
    assert accounts.run(dataset).plan.how is How.nothing


def test_s60_a_request_that_was_rolled_back_is_carried_out_when_asked_again(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    arrive(accounts, 1.5)
    accounts.run(STATES)
    before = accounts.head(STATES)
    accounts.append(SIGNUPS, [Event("late", "account-late", 0.7)])
    first = accounts.run(STATES, as_request(0, 1, "the same"))
    roll_back(accounts, STATES, before)
    manual.adopt(accounts.context, STATES, "a test rolled it back", accounts.said.append)

    second = accounts.run(STATES, as_request(0, 1, "the same"))
    third = accounts.run(STATES, as_request(0, 1, "the same"))

    assert second.plan.how is How.overwrite
    assert second.plan.session != first.plan.session
    assert third.plan.how is How.nothing
    assert second.plan.session in third.plan.notes[0]
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def move_forward(accounts: Accounts, snapshot: int) -> None:
    accounts.spark.sql(f"CALL lake.system.set_current_snapshot('{STATES}', {snapshot})")
    manual.adopt(accounts.context, STATES, "and forward again", accounts.said.append)


def test_s60_a_request_is_not_carried_out_again_after_a_move_back_and_forward(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    arrive(accounts, 1.5)
    accounts.run(STATES)
    before = accounts.head(STATES)
    accounts.append(SIGNUPS, [Event("late", "account-late", 0.7)])
    first = accounts.run(STATES, as_request(0, 1, "the same"))
    after = accounts.head(STATES)
    roll_back(accounts, STATES, before)
    manual.adopt(accounts.context, STATES, "a test rolled it back", accounts.said.append)
    arrive(accounts, 2.5)
    accounts.run(STATES)
    other = accounts.head(STATES)

    move_forward(accounts, after)
    again = accounts.plan(STATES, as_request(0, 1, "the same"))
    move_forward(accounts, other)

    assert again.how is How.nothing
    assert first.plan.session in again.notes[0]
    assert accounts.plan(STATES, as_request(0, 1, "the same")).how is How.overwrite


def test_s60_there_is_nothing_to_adopt_without_a_rollback(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)

    with pytest.raises(RequestRefused, match="nothing to adopt"):
        manual.adopt(accounts.context, FACTS, "by mistake")


def test_s60_a_rollback_behind_all_sessions_is_not_adopted(accounts: Accounts) -> None:
    empty = accounts.head(FACTS)
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    roll_back(accounts, FACTS, empty)

    with pytest.raises(RequestRefused, match="--resync"):
        manual.adopt(accounts.context, FACTS, "too far back")


def expire_behind(accounts: Accounts, dataset: str) -> None:
    """Compact a table and expire all snapshots but main's head, as an engine's own maintenance does."""
    fold(accounts, dataset)
    expire(accounts, dataset)


@MODES
def test_s22_a_published_snapshot_that_expired_behind_one_compaction_stops_nobody(
    accounts: Accounts, dataset: str, tmp_path: Path
) -> None:
    arrive(accounts, 0.5)
    accounts.run(dataset)
    expire_behind(accounts, dataset)

    arrive(accounts, 1.5)
    assert accounts.run(dataset).plan.complete_through == hour(2)
    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")


@MODES
def test_s22_a_published_snapshot_that_expired_with_the_way_to_main_is_adopted(
    accounts: Accounts, dataset: str, tmp_path: Path
) -> None:
    arrive(accounts, 0.5)
    accounts.run(dataset)
    accounts.run(dataset, as_request(0, 1, "the same"))
    expire_behind(accounts, dataset)
    expire_behind(accounts, dataset)
    arrive(accounts, 1.5)
    with pytest.raises(SnapshotExpired, match=f"tidemark adopt {dataset}"):
        accounts.run(dataset)

    manual.adopt(accounts.context, dataset, "our engine compacts by itself", accounts.said.append)

    signups = next(i for i in accounts.plan(dataset).inputs.values() if i.dataset == SIGNUPS)
    assert signups.changes.startswith("1 snapshot (1 appended)")
    assert accounts.run(dataset, as_request(0, 1, "the same")).plan.how is How.nothing
    accounts.run(dataset)
    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")


def test_s22_a_landed_table_goes_on_after_its_history_expired(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    expire_behind(accounts, SIGNUPS)
    expire_behind(accounts, SIGNUPS)
    with pytest.raises(SnapshotExpired, match=f"tidemark adopt {SIGNUPS}"):
        check_target_integrity(accounts.context.lake, accounts.table(SIGNUPS))

    adopted = manual.adopt(accounts.context, SIGNUPS, "our engine compacts by itself", accounts.said.append)

    assert adopted.watermark is not None
    assert adopted.watermark.snapshot == accounts.head(SIGNUPS)
    assert adopted.watermark.complete_through == hour(1)
    check_target_integrity(accounts.context.lake, accounts.table(SIGNUPS))


def test_a_command_that_another_session_overtook_says_to_run_it_again(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(accounts, 0.5)

    def overtaken(context: Context, plan: Plan) -> Plan:
        accounts.append(CANCELS, [Event("c2.5", "account-0.5", 2.5)], complete=3)
        return store(context, plan)

    monkeypatch.setattr(manual, "store", overtaken)
    with pytest.raises(MainMoved, match=r"repeat the command$") as moved:
        manual.declare_complete(accounts.context, CANCELS, hour(6), "the feed is dead", accounts.said.append)
    assert "from init" not in str(moved.value)


def test_a_source_declared_complete_lets_its_readers_go_on(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(STATES)
    accounts.complete(SIGNUPS, 5)
    accounts.complete(PLANS, 5)
    assert accounts.run(STATES).plan.complete_through == hour(1)

    manual.declare_complete(accounts.context, CANCELS, hour(6), "the feed is dead", accounts.said.append)

    assert accounts.run(STATES).plan.complete_through == hour(6)
    rows = ops.rows(accounts.context.lake, "ops.high_watermarks", ops.of_dataset(CANCELS))
    assert [row["reason"] for row in rows] == ["the feed is dead"]


@pytest.mark.parametrize(
    ("dataset", "through", "reason", "sentence"),
    [
        (STATES, 6, "why", "only a source"),
        (CANCELS, 6, "", "reason"),
        (CANCELS, 6, "two\nlines", "reason"),
        (CANCELS, 0, "why", "complete through"),
        (CANCELS, 25, "why", "after the start of this run"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(
    accounts: Accounts, dataset: str, through: float, reason: str, sentence: str
) -> None:
    arrive(accounts, 0.5)

    with pytest.raises(RequestRefused, match=sentence):
        manual.declare_complete(accounts.context, dataset, hour(through), reason)


def at(accounts: Accounts, when: datetime) -> Context:
    return replace(accounts.context, clock=when)


def roll_back_and_catch_up(accounts: Accounts, snapshot: int, folder: Path) -> None:
    """Check that, once the rollback is adopted, the next session makes the table equal to a rebuild."""
    roll_back(accounts, FACTS, snapshot)
    manual.adopt(accounts.context, FACTS, "a test rolled it back", accounts.said.append)
    accounts.run(FACTS)
    same_rows_as_rebuild(accounts, FACTS, folder / "clean")


@pytest.mark.parametrize("maintained", [(SIGNUPS, FACTS), (SIGNUPS,)])
def test_s60_a_rollback_to_what_main_held_a_week_ago_finds_its_path(
    accounts: Accounts, maintained: tuple[str, ...], tmp_path: Path
) -> None:
    arrive(accounts, 0.1)
    accounts.run(FACTS)
    fold(accounts, FACTS)
    folded = accounts.head(FACTS)
    arrive(accounts, 0.2)
    week_ago = datetime.now(UTC)
    arrive(accounts, 0.3)
    accounts.run(FACTS)
    for dataset in maintained:
        maintain(at(accounts, week_ago + KEEP_SNAPSHOTS_FOR), dataset)

    roll_back_and_catch_up(accounts, folded, tmp_path)


def test_s60_a_rollback_stands_where_the_last_touch_stood(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.1)
    accounts.run(FACTS)
    first = accounts.head(FACTS)
    fold(accounts, SIGNUPS)
    accounts.complete(SIGNUPS, 1)
    assert accounts.run(FACTS).plan.how is How.touch
    for dataset in (SIGNUPS, FACTS):
        maintain(at(accounts, datetime.now(UTC) + timedelta(days=8)), dataset)
    arrive(accounts, 1.2)
    accounts.run(FACTS)

    roll_back_and_catch_up(accounts, first, tmp_path)


def test_s60_main_moved_forward_again_is_said_and_adopted(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    first = accounts.head(FACTS)
    arrive(accounts, 1.5)
    accounts.run(FACTS)
    second = accounts.head(FACTS)
    roll_back(accounts, FACTS, first)
    manual.adopt(accounts.context, FACTS, "a test rolled it back", accounts.said.append)
    accounts.spark.sql(f"CALL lake.system.set_current_snapshot('{FACTS}', {second})")
    with pytest.raises(RolledBack, match="somebody moved main"):
        accounts.run(FACTS)

    manual.adopt(accounts.context, FACTS, "and forward again", accounts.said.append)

    assert accounts.run(FACTS).plan.how is How.nothing
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_a_rebuild_that_would_keep_foreign_rows_is_refused(accounts: Accounts) -> None:
    totals = "accounts.signup_totals"
    arrive(accounts, 0.5)
    accounts.run(totals)
    accounts.spark.sql(f"INSERT INTO lake.{totals} VALUES ('foreign', 99L, 99L)")

    with pytest.raises(ForeignCommit, match="would keep its rows"):
        session.run(accounts.context, totals, Resync(), say=accounts.said.append)
    with pytest.raises(ForeignCommit):
        accounts.run(totals)


def test_one_command_rebuilds_all_tables_that_have_inputs(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrive(accounts, 0.5)
    accounts.run(STATES)
    monkeypatch.setattr(sessions, "load_settings", lambda: accounts.settings)
    monkeypatch.setattr(sessions.session, "open_context", lambda *_: accounts.context)  # type: ignore[attr-defined]

    assert main(["run", "--all", "--resync"]) == 0

    assert f"{STATES}: overwrite" in capsys.readouterr().out
