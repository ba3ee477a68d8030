"""A session that dies between any two steps converges; if two sessions of one table race, one publishes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql.connect.observation import Observation

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour, same_rows_as_rebuild
from tidemark import session
from tidemark.catalog import ops
from tidemark.catalog.properties import CATALOG, SESSION
from tidemark.errors import ForeignCommit, MainMoved, PositionLost, RolledBack
from tidemark.stages import Planned
from tidemark.state.cause import Resync
from tidemark.state.effect import How
from tidemark.steps.audit import audit
from tidemark.steps.publish import publish
from tidemark.steps.write import write

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, AROUND, FACTS = "accounts.account_states", "accounts.signups_around", "accounts.signups"


def with_news(accounts: Accounts, dataset: str) -> None:
    """One session has published, and there is news for the next."""
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5), Event("s1", "a1", 1.5)], complete=1)
    accounts.complete(PLANS, 1)
    accounts.complete(CANCELS, 1)
    accounts.run(dataset)
    accounts.append(SIGNUPS, [Event("s2", "a2", 2.5)], complete=2)
    accounts.complete(PLANS, 2)
    accounts.complete(CANCELS, 2)


def until(accounts: Accounts, dataset: str, last: str) -> str:
    """Run a session until just after a step, like a process that dies there."""
    context = accounts.context
    planned = session.init(context, dataset, say=accounts.said.append)
    if last == "init":
        return planned.plan.session
    staged = write(context, planned, "first")
    if last == "write":
        return planned.plan.session
    audited = audit(context, staged)
    if last == "audit":
        return planned.plan.session
    publish(context, audited)
    return planned.plan.session


@pytest.mark.both_catalogs
@pytest.mark.parametrize("dataset", [STATES, FACTS])
@pytest.mark.parametrize("last", ["init", "write", "audit", "publish"])
def test_s30_a_session_that_died_after_a_step_converges(
    accounts: Accounts, tmp_path: Path, dataset: str, last: str
) -> None:
    with_news(accounts, dataset)
    died = until(accounts, dataset, last)

    accounts.run(dataset)

    closed = ops.rows(accounts.context.lake, "ops.high_watermarks", ops.of_session(died))
    assert len(closed) == 1
    assert [name for name in accounts.table(dataset).refs() if name != "main"] == []
    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")


def test_s30_the_middle_step_alone_can_be_run_again(accounts: Accounts, tmp_path: Path) -> None:
    with_news(accounts, STATES)
    died = until(accounts, STATES, "write")
    snapshots = len(accounts.table(STATES).snapshots())

    published = session.write_audit_publish(accounts.context, STATES, died, say=accounts.said.append)
    again = session.write_audit_publish(accounts.context, STATES, died, say=accounts.said.append)

    assert published.plan.session == again.plan.session == died
    assert len(accounts.table(STATES).snapshots()) == snapshots, "the staged snapshot is taken, not written again"
    session.commit(accounts.context, STATES, died, say=accounts.said.append)
    session.commit(accounts.context, STATES, died, say=accounts.said.append)
    assert len(ops.rows(accounts.context.lake, "ops.high_watermarks", ops.of_session(died))) == 1
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s30_a_middle_task_cleared_after_its_inputs_expired_starts_again_from_init(
    accounts: Accounts, tmp_path: Path
) -> None:
    with_news(accounts, FACTS)
    stale = until(accounts, FACTS, "init")
    for n in range(2):
        accounts.append(SIGNUPS, [Event(f"late{n}", "a9", 0.5)])
        accounts.run(FACTS)
    keep_one = "older_than => TIMESTAMP '2100-01-01', retain_last => 1"
    accounts.spark.sql(f"CALL lake.system.expire_snapshots(table => '{SIGNUPS}', {keep_one})")

    session.write_audit_publish(accounts.context, FACTS, stale, say=accounts.said.append)

    assert any("starts again from init" in line for line in accounts.said)
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_s30_a_compaction_after_publish_does_not_hide_the_session(accounts: Accounts) -> None:
    with_news(accounts, STATES)
    died = until(accounts, STATES, "publish")
    accounts.spark.sql(
        f"CALL lake.system.rewrite_data_files(table => '{STATES}', options => map('rewrite-all', 'true'))"
    )
    head = accounts.head(STATES)

    assert session.write_audit_publish(accounts.context, STATES, died, say=accounts.said.append).plan.session == died
    assert accounts.head(STATES) == head


def test_s30_counts_that_a_busy_engine_did_not_tell_are_counted_again(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_news(accounts, FACTS)
    asked: list[Observation] = []

    def tell_nothing(observation: Observation) -> dict[str, int]:
        asked.append(observation)
        return {}

    monkeypatch.setattr(Observation, "get", property(tell_nothing))

    accounts.run(FACTS)

    assert asked, "the write has asked another kind of observation"
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


@pytest.mark.both_catalogs
def test_s33_a_late_write_of_a_dead_attempt_is_never_published(accounts: Accounts, tmp_path: Path) -> None:
    with_news(accounts, STATES)
    planned = session.init(accounts.context, STATES, say=accounts.said.append)
    dead = write(accounts.context, planned, "dead")
    accounts.context.lake.remove_branch(STATES, dead.branch)
    session.write_audit_publish(accounts.context, STATES, planned.plan.session, "alive", say=accounts.said.append)
    rows = accounts.rows(STATES)

    frame = accounts.spark.table(f"{CATALOG}.{STATES}").limit(1)
    frame.writeTo(f"{CATALOG}.{STATES}.branch_{_branch(accounts, dead.branch)}").append()

    assert accounts.rows(STATES) == rows
    accounts.run(STATES)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s33_a_branch_on_which_an_attempt_wrote_twice_is_never_published(accounts: Accounts, tmp_path: Path) -> None:
    with_news(accounts, FACTS)
    planned = session.init(accounts.context, FACTS, say=accounts.said.append)
    dead = write(accounts.context, planned, "dead")
    again = accounts.spark.read.option("branch", dead.branch).table(f"{CATALOG}.{FACTS}").where("account_id = 'a2'")
    late = again.writeTo(f"{CATALOG}.{FACTS}.branch_{dead.branch}")
    late.option(f"snapshot-property.{SESSION}", planned.plan.session).append()

    session.write_audit_publish(accounts.context, FACTS, planned.plan.session, "alive", say=accounts.said.append)

    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def _branch(accounts: Accounts, name: str) -> str:
    """Play Spark's late commit: it finds its branch gone and creates it again on main's head."""
    accounts.context.lake.create_branch(accounts.table(STATES), name, accounts.head(STATES))
    return name


@pytest.mark.both_catalogs
def test_s34_of_two_sessions_one_publishes_and_the_other_starts_again(accounts: Accounts, tmp_path: Path) -> None:
    with_news(accounts, STATES)
    slow = session.init(accounts.context, STATES, say=accounts.said.append)
    accounts.append(SIGNUPS, [Event("s3", "a3", 2.7)], complete=2)
    fast = accounts.run(STATES)

    with pytest.raises(MainMoved):
        publish(accounts.context, audit(accounts.context, write(accounts.context, slow, "slow")))
    published = session.write_audit_publish(accounts.context, STATES, slow.plan.session, say=accounts.said.append)

    assert published.plan.how is How.nothing
    watermark = accounts.watermark(STATES)
    assert watermark is not None and watermark.session == fast.plan.session
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


@pytest.mark.both_catalogs
def test_s34_a_touch_in_between_is_seen_by_the_publish(accounts: Accounts) -> None:
    with_news(accounts, AROUND)
    slow = session.init(accounts.context, AROUND, say=accounts.said.append)
    staged = audit(accounts.context, write(accounts.context, slow, "slow"))
    from tidemark.lineage.publish_commit import publish_watermark
    from tidemark.state.watermark import Watermark

    known = accounts.watermark(AROUND)
    assert known is not None
    other = Planned(slow.plan).plan
    mark = Watermark("somebody-else", other.base_snapshot, hour(9), hour(9), known.inputs)
    publish_watermark(accounts.context.lake.catalog, other, mark)

    with pytest.raises(MainMoved):
        publish(accounts.context, staged)


def test_s22_an_input_whose_position_is_gone_stops_the_session(accounts: Accounts, tmp_path: Path) -> None:
    with_news(accounts, STATES)
    accounts.context.lake.catalog.drop_table(SIGNUPS)
    accounts.append(SIGNUPS, [Event("s9", "a9", 1.2)], complete=2)

    with pytest.raises(PositionLost, match="--resync"):
        accounts.run(STATES)
    session.run(accounts.context, STATES, Resync(), say=accounts.said.append)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_a_foreign_commit_on_a_target_stops_the_next_session(accounts: Accounts) -> None:
    with_news(accounts, STATES)
    accounts.spark.sql(f"DELETE FROM {CATALOG}.{STATES} WHERE account_id = 'a0'")

    with pytest.raises(ForeignCommit, match="no session of this dataset made"):
        accounts.run(STATES)


def test_s60_a_target_that_was_rolled_back_stops_the_next_session(accounts: Accounts) -> None:
    with_news(accounts, STATES)
    before = accounts.head(STATES)
    accounts.run(STATES)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{STATES}', {before})")

    with pytest.raises(RolledBack, match="rolled the table back"):
        accounts.run(STATES)


def test_s58_a_backfill_leaves_what_is_new_to_the_next_session(accounts: Accounts, tmp_path: Path) -> None:
    for dataset in (STATES, FACTS):
        with_news(accounts, dataset) if dataset == STATES else accounts.run(FACTS)
    accounts.append(SIGNUPS, [Event("s4", "a4", 1.7)], complete=2)

    for dataset in (STATES, FACTS):
        accounts.run(dataset, as_request(0, 1))
        assert ("a4" in {row["account_id"] for row in accounts.rows(dataset)}) is (dataset == STATES)
        accounts.run(dataset)
        same_rows_as_rebuild(accounts, dataset, tmp_path / dataset)


@pytest.mark.both_catalogs
def test_s64_a_backfill_asked_for_twice_is_done_once(accounts: Accounts) -> None:
    with_news(accounts, STATES)
    accounts.run(STATES)
    first = accounts.run(STATES, as_request(0, 1, "the same"))
    second = accounts.run(STATES, as_request(0, 1, "the same"))

    assert first.plan.how is How.overwrite
    assert second.plan.how is How.nothing
    assert first.plan.session in second.plan.notes[-1]
