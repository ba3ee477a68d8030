"""Changes by hand to landed tables, whose files are not read twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.expressions import BooleanExpression

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, hour, same_rows_as_rebuild
from tests.loop.housekeeping import expire, fold
from tests.loop.landing import drop
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.catalog import ops
from tidemark.catalog.lake import Lake
from tidemark.catalog.properties import CATALOG, WATERMARK
from tidemark.errors import (
    ColumnsDiffer,
    ForeignCommit,
    InputChanged,
    RequestRefused,
    RolledBack,
    SnapshotExpired,
    WatermarkLost,
)
from tidemark.operate import manual
from tidemark.spec.model import Partition
from tidemark.stages import Planned
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS = "accounts.signups"
TABLE = f"{CATALOG}.{SIGNUPS}"


def land(accounts: Accounts, *at: float, clock: float) -> None:
    for each in at:
        drop(accounts, f"{each}.json", each)
    accounts.run(SIGNUPS, clock=hour(clock))


def landed(accounts: Accounts) -> list[str]:
    return sorted(row["event_id"] for row in accounts.rows(SIGNUPS))


def adopt(accounts: Accounts, dataset: str) -> None:
    manual.adopt(accounts.context, dataset, "somebody asked to be forgotten", accounts.said.append)


def test_s60_a_rolled_back_source_is_not_declared_complete(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    before = accounts.head(SIGNUPS)
    land(accounts, 1.1, clock=4)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {before})")

    with pytest.raises(RolledBack):
        manual.declare_complete(accounts.context, SIGNUPS, hour(10), "the feed is dead", accounts.said.append)


def test_a_source_begun_anew_and_declared_before_it_landed_still_lands_its_files(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    accounts.spark.sql(f"DROP TABLE {TABLE}")
    manual.declare_complete(accounts.context, SIGNUPS, hour(3), "the feed is dead", accounts.said.append)

    accounts.run(SIGNUPS, clock=hour(5))

    assert landed(accounts) == ["s0.1"]


def test_files_brought_back_after_the_table_was_begun_anew_land(accounts: Accounts) -> None:
    land(accounts, 0.1, 1.1, clock=3)
    (accounts.settings.landing / "signups" / "0.1.json").unlink()
    accounts.spark.sql(f"DROP TABLE {TABLE}")
    accounts.run(SIGNUPS, clock=hour(5))
    assert landed(accounts) == ["s1.1"]

    land(accounts, 0.1, clock=6)

    assert landed(accounts) == ["s0.1", "s1.1"]


def test_rows_that_somebody_added_are_neither_declared_nor_adopted(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    accounts.spark.sql(f"INSERT INTO {TABLE} SELECT 'x', account_id, plan, happened_at, arrived_at FROM {TABLE}")

    with pytest.raises(ForeignCommit):
        manual.declare_complete(accounts.context, SIGNUPS, hour(10), "the feed is dead", accounts.said.append)
    with pytest.raises(RequestRefused, match="adds rows that no audit checked"):
        adopt(accounts, SIGNUPS)
    with pytest.raises(ForeignCommit):
        accounts.run(SIGNUPS, clock=hour(12))


def test_s62_an_erasure_in_a_landed_table_is_adopted_and_flows(accounts: Accounts, tmp_path: Path) -> None:
    land(accounts, 0.1, 1.1, clock=3)
    accounts.run(FACTS, clock=hour(3))
    accounts.spark.sql(f"DELETE FROM {TABLE} WHERE event_id = 's0.1'")
    with pytest.raises(ForeignCommit, match=f"tidemark adopt {SIGNUPS}"):
        accounts.run(SIGNUPS, clock=hour(4))

    adopt(accounts, SIGNUPS)
    land(accounts, 2.1, clock=5)
    accounts.run(FACTS, clock=hour(5))

    assert landed(accounts) == ["s1.1", "s2.1"]
    assert [row["event_id"] for row in accounts.rows(FACTS)] == landed(accounts)
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_s62_erasures_in_a_landed_table_whose_history_was_expired_are_adopted(accounts: Accounts) -> None:
    """Erase a person's rows in the usual way: DELETE, and expire the snapshots that still hold them."""
    land(accounts, 0.1, 1.1, 2.1, clock=3)
    for name in ("s0.1", "s1.1"):
        accounts.spark.sql(f"DELETE FROM {TABLE} WHERE event_id = '{name}'")
    expire(accounts, SIGNUPS)
    with pytest.raises(SnapshotExpired, match=f"tidemark adopt {SIGNUPS}"):
        accounts.run(SIGNUPS, clock=hour(4))

    adopt(accounts, SIGNUPS)
    land(accounts, 3.1, clock=5)

    assert landed(accounts) == ["s2.1", "s3.1"]


def test_rows_that_somebody_added_are_not_adopted_after_an_expiry(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    fold(accounts, SIGNUPS)
    accounts.spark.sql(f"INSERT INTO {TABLE} SELECT 'x', account_id, plan, happened_at, arrived_at FROM {TABLE}")
    expire(accounts, SIGNUPS)

    with pytest.raises(RequestRefused, match=r"adds rows that no audit checked.*move the table aside"):
        adopt(accounts, SIGNUPS)


@pytest.mark.parametrize("then", ["rolled back", "folded", "erased"])
def test_s60_a_rolled_back_landed_table_whose_newer_snapshot_expired_is_landed_again(
    accounts: Accounts, then: str
) -> None:
    land(accounts, 0.1, 0.2, clock=3)
    before = accounts.head(SIGNUPS)
    land(accounts, 1.1, clock=4)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {before})")
    if then == "folded":
        fold(accounts, SIGNUPS)
    if then == "erased":
        accounts.spark.sql(f"DELETE FROM {TABLE} WHERE event_id = 's0.2'")
    expire(accounts, SIGNUPS)
    with pytest.raises(RolledBack, match=r"has expired.*docs/runbooks/rolled-back\.md"):
        accounts.run(SIGNUPS, clock=hour(5))
    with pytest.raises(RequestRefused, match="move the table aside"):
        adopt(accounts, SIGNUPS)

    accounts.spark.sql(f"ALTER TABLE {TABLE} RENAME TO accounts.aside")
    accounts.run(SIGNUPS, clock=hour(6))

    assert landed(accounts) == ["s0.1", "s0.2", "s1.1"]


def test_s60_a_landed_table_that_lost_its_watermark_goes_on_after_adopt(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    land(accounts, 1.1, clock=4)
    before = accounts.watermark(SIGNUPS)
    accounts.spark.sql(f"ALTER TABLE {TABLE} UNSET TBLPROPERTIES ('{WATERMARK}')")
    with pytest.raises(WatermarkLost):
        accounts.run(SIGNUPS, clock=hour(5))

    adopt(accounts, SIGNUPS)
    after = accounts.watermark(SIGNUPS)
    land(accounts, 2.1, clock=6)

    assert before is not None
    assert after is not None
    assert after.complete_through == before.complete_through
    assert landed(accounts) == ["s0.1", "s1.1", "s2.1"]


def test_s60_a_rolled_back_landed_table_that_lost_its_watermark_is_not_adopted(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    before = accounts.head(SIGNUPS)
    land(accounts, 1.1, clock=4)
    after = accounts.head(SIGNUPS)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {before})")
    accounts.spark.sql(f"ALTER TABLE {TABLE} UNSET TBLPROPERTIES ('{WATERMARK}')")

    with pytest.raises(RequestRefused, match=f"move main back to snapshot {after}"):
        adopt(accounts, SIGNUPS)


def publish_unclosed(accounts: Accounts, at: float, clock: float) -> Planned:
    """Land a file in a session that dies before its commit step."""
    drop(accounts, f"{at}.json", at)
    context = replace(accounts.context, clock=hour(clock))
    planned = session.init(context, SIGNUPS, say=accounts.said.append)
    session.write_audit_publish(context, SIGNUPS, planned.plan.session, say=accounts.said.append)
    return planned


def die_between_the_rows(accounts: Accounts, planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the commit step of a session only up to its landed files."""
    real = ops.append_once

    def dying(lake: Lake, name: str, rows: Iterable[Mapping[str, Any]], unless: BooleanExpression) -> bool:
        if name == "ops.high_watermarks":
            raise KeyboardInterrupt
        return real(lake, name, rows, unless)

    with monkeypatch.context() as patched:
        patched.setattr(ops, "append_once", dying)
        with pytest.raises(KeyboardInterrupt):
            session.commit(accounts.context, SIGNUPS, planned.plan.session, accounts.said.append)


@pytest.mark.parametrize("half_closed", [False, True])
@pytest.mark.parametrize("completeness", ["clock", "data"])
def test_s60_a_landed_session_that_was_not_closed_outlives_its_watermark(
    accounts: Accounts, completeness: str, half_closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = accounts.context.specs[SIGNUPS].landing
    assert landing is not None
    with_spec(accounts, SIGNUPS, landing=replace(landing, completeness=completeness))  # type: ignore[arg-type]
    land(accounts, 0.1, clock=3)
    planned = publish_unclosed(accounts, 1.1, clock=4)
    before = accounts.watermark(SIGNUPS)
    if half_closed:
        die_between_the_rows(accounts, planned, monkeypatch)
    accounts.spark.sql(f"ALTER TABLE {TABLE} UNSET TBLPROPERTIES ('{WATERMARK}')")

    adopt(accounts, SIGNUPS)
    after = accounts.watermark(SIGNUPS)
    land(accounts, 2.1, clock=6)

    assert before is not None
    assert after == replace(before, session=after.session if after else "")
    assert landed(accounts) == ["s0.1", "s1.1", "s2.1"]


def test_s60_a_reader_says_that_its_input_lost_its_watermark(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    accounts.run(FACTS)
    accounts.spark.sql(f"ALTER TABLE {TABLE} UNSET TBLPROPERTIES ('{WATERMARK}')")
    with pytest.raises(InputChanged, match=rf"{SIGNUPS}: .*tidemark adopt {SIGNUPS} .*Its readers wait"):
        accounts.run(FACTS)

    adopt(accounts, SIGNUPS)

    assert accounts.run(FACTS).plan.how is How.nothing


@pytest.mark.parametrize("away", ["RENAME TO accounts.aside", "DROP"])
def test_s22_a_landed_table_that_is_begun_anew_lands_its_files_again(accounts: Accounts, away: str) -> None:
    land(accounts, 0.1, clock=3)
    accounts.spark.sql(f"DROP TABLE {TABLE}" if away == "DROP" else f"ALTER TABLE {TABLE} {away}")

    accounts.run(SIGNUPS, clock=hour(5))
    land(accounts, 1.1, clock=6)

    assert landed(accounts) == ["s0.1", "s1.1"]


def test_a_table_moved_aside_shares_no_folder_with_the_new_one(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    with_spec(accounts, SIGNUPS, partition_by=(Partition("hour", "happened_at"),))
    with pytest.raises(ColumnsDiffer, match=r"move the table aside \(RENAME\)"):
        accounts.run(SIGNUPS, clock=hour(4))
    accounts.spark.sql(f"ALTER TABLE {TABLE} RENAME TO accounts.aside")

    accounts.run(SIGNUPS, clock=hour(5))

    new, aside = accounts.folder(SIGNUPS), accounts.folder("accounts.aside")
    assert new != aside
    assert not new.is_relative_to(aside)
    assert not aside.is_relative_to(new)
