"""Maintenance changes no content and removes nothing that is still needed."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from tests.accounts.world import Accounts, Event, hour, same_rows_as_rebuild
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.catalog import branches, ops
from tidemark.catalog.ops import LONGEST_HISTORY, SCHEMAS
from tidemark.catalog.properties import CATALOG
from tidemark.operate import releases
from tidemark.operate.maintenance import maintain, maintain_ops
from tidemark.operate.maintenance.files import SMALL_FILES
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR
from tidemark.operate.manual import adopt
from tidemark.operate.releases import write_release
from tidemark.state.effect import How
from tidemark.support.paths import to_path

pytestmark = [pytest.mark.loop, pytest.mark.spark]

SIGNUPS, FACTS, TOTALS = "accounts.signups_feed", "accounts.signups", "accounts.signup_totals"


def feed(accounts: Accounts, *names: str, at: float = 0.1) -> None:
    """Add sign-ups of one hour, each in a separate commit."""
    for name in names:
        accounts.append(SIGNUPS, [Event(name, f"account-{name}", at)], complete=30)


def tend(accounts: Accounts, dataset: str, days: float) -> str:
    """Run maintenance of a table with a clock some days ahead."""
    return maintain(replace(accounts.context, clock=datetime.now(UTC) + timedelta(days=days)), dataset)


def known(accounts: Accounts, dataset: str) -> list[int]:
    return [snapshot.snapshot_id for snapshot in accounts.table(dataset).snapshots()]


def names(accounts: Accounts, dataset: str) -> set[str]:
    return {row["event_id"] for row in accounts.rows(dataset)}


def look_old(folder: Path) -> None:
    """Make all files below a folder ten days old."""
    then = time.time() - 10 * 24 * 3600
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def test_s20_folding_and_expiry_leave_content_and_positions(accounts: Accounts, tmp_path: Path) -> None:
    feed(accounts, *[f"s{n}" for n in range(SMALL_FILES)])
    accounts.run(FACTS)
    feed(accounts, "late")
    rows = accounts.rows(SIGNUPS)

    said = tend(accounts, SIGNUPS, days=30)

    assert f"{SMALL_FILES + 1} files folded" in said
    assert len(accounts.files(SIGNUPS)) == 1
    assert accounts.rows(SIGNUPS) == rows
    assert accounts.run(FACTS).plan.how is How.append
    assert accounts.run(FACTS).plan.how is How.nothing
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_s22_a_reader_far_behind_keeps_its_path_and_is_named(accounts: Accounts) -> None:
    feed(accounts, "s0", "s1")
    accounts.run(FACTS)
    position = accounts.head(SIGNUPS)
    feed(accounts, "s2", "s3")

    said = tend(accounts, SIGNUPS, days=30)

    assert "2 snapshots expired" in said
    assert f"{FACTS} is 30 days behind {SIGNUPS}: no snapshot after" in said
    assert position in known(accounts, SIGNUPS)
    accounts.run(FACTS)
    assert names(accounts, FACTS) == {"s0", "s1", "s2", "s3"}
    assert "behind" not in tend(accounts, SIGNUPS, days=30)
    assert position not in known(accounts, SIGNUPS)


def test_s62_a_versioned_reader_of_an_input_that_only_dropped_old_rows_is_not_named(accounts: Accounts) -> None:
    window = accounts.context.specs[TOTALS].inputs["signups"]
    inputs = {**accounts.context.specs[TOTALS].inputs, "signups": replace(window, keep=timedelta(hours=24))}
    with_spec(accounts, TOTALS, inputs=inputs)
    accounts.append(SIGNUPS, [Event("old", "a", 0.5), Event("new", "a", 60.5)], complete=71)
    accounts.run(TOTALS, clock=hour(72))
    accounts.delete(SIGNUPS, "event_id = 'old'")
    assert f"{TOTALS} is 30 days behind" in tend(accounts, SIGNUPS, days=30)

    done = accounts.run(TOTALS, clock=hour(72))

    assert done.plan.how is How.touch
    assert "behind" not in tend(accounts, SIGNUPS, days=30)
    assert len(accounts.rows(TOTALS)) == 1
    assert accounts.run(TOTALS, clock=hour(72)).plan.how is How.nothing


def test_s35_an_open_plan_keeps_what_it_reads_until_its_branch_would_go(accounts: Accounts) -> None:
    accounts.context = replace(accounts.context, clock=datetime.now(UTC))
    feed(accounts, "s0")
    planned = session.init(accounts.context, FACTS, say=accounts.said.append)
    read = accounts.head(SIGNUPS)
    feed(accounts, "s1", "s2")

    tend(accounts, SIGNUPS, days=10)
    published = session.write_audit_publish(accounts.context, FACTS, planned.plan.session, say=accounts.said.append)

    assert published.plan.session == planned.plan.session
    assert names(accounts, FACTS) == {"s0"}
    accounts.run(FACTS)
    assert names(accounts, FACTS) == {"s0", "s1", "s2"}
    tend(accounts, SIGNUPS, days=30)
    assert read not in known(accounts, SIGNUPS)


def test_s60_a_reader_that_is_rolled_back_finds_its_path_again(accounts: Accounts) -> None:
    feed(accounts, "s0")
    accounts.run(FACTS)
    first = accounts.head(FACTS)
    feed(accounts, "s1", "s2")
    week_ago = datetime.now(UTC)
    accounts.run(FACTS)

    maintain(replace(accounts.context, clock=week_ago + KEEP_SNAPSHOTS_FOR), SIGNUPS)
    maintain(replace(accounts.context, clock=week_ago + KEEP_SNAPSHOTS_FOR), FACTS)
    accounts.spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{FACTS}', {first})")
    adopt(accounts.context, FACTS, "a test rolled it back", say=accounts.said.append)
    accounts.run(FACTS)

    assert names(accounts, FACTS) == {"s0", "s1", "s2"}


def test_s22_what_was_rolled_back_can_be_taken_up_again(accounts: Accounts) -> None:
    feed(accounts, "s0")
    accounts.run(FACTS)
    first = accounts.head(FACTS)
    feed(accounts, "s1")
    accounts.run(FACTS)
    second = accounts.head(FACTS)
    accounts.spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{FACTS}', {first})")

    tend(accounts, FACTS, days=60)

    accounts.spark.sql(f"CALL {CATALOG}.system.set_current_snapshot('{FACTS}', {second})")
    assert accounts.run(FACTS).plan.how is How.nothing


def test_a_persons_tag_and_a_release_stay_readable(accounts: Accounts) -> None:
    feed(accounts, "s0")
    accounts.table(SIGNUPS).manage_snapshots().create_tag(accounts.head(SIGNUPS), "before_the_sale").commit()
    feed(accounts, "s1")
    accounts.run(TOTALS)
    release = write_release(accounts.context, TOTALS)
    feed(accounts, "s2")
    accounts.run(TOTALS)

    tend(accounts, SIGNUPS, days=60)

    table = accounts.table(SIGNUPS)
    assert table.scan(snapshot_id=table.refs()["before_the_sale"].snapshot_id).count() == 1
    assert table.scan(snapshot_id=release.tables[SIGNUPS]).count() == 2

    newer = write_release(replace(accounts.context, clock=datetime.now(UTC) + timedelta(days=100)), TOTALS)
    tend(accounts, SIGNUPS, days=200)

    assert newer.written
    assert {"before_the_sale", newer.release} < set(accounts.table(SIGNUPS).refs())
    assert release.release not in accounts.table(SIGNUPS).refs()


def test_the_tags_of_a_release_that_died_before_its_row_go(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(accounts, "s0")
    accounts.run(TOTALS)
    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(releases.ops, "append_once", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))  # type: ignore[attr-defined]
        write_release(accounts.context, TOTALS)
    left = {name for name in accounts.table(SIGNUPS).refs() if name.startswith("release_")}
    accounts.table(SIGNUPS).manage_snapshots().create_tag(accounts.head(SIGNUPS), "release_of_spring").commit()
    feed(accounts, "s1")
    accounts.run(TOTALS)
    written = write_release(accounts.context, TOTALS)

    tend(accounts, SIGNUPS, days=1)
    assert left and left < set(accounts.table(SIGNUPS).refs())
    tend(accounts, SIGNUPS, days=20)

    assert set(accounts.table(SIGNUPS).refs()) == {"main", "release_of_spring", written.release}


def test_s35_a_staged_branch_survives_folding_expiry_and_the_removal_of_orphans(accounts: Accounts) -> None:
    feed(accounts, *[f"s{n}" for n in range(SMALL_FILES)])
    accounts.run(FACTS)
    table = accounts.table(SIGNUPS)
    accounts.context.lake.create_branch(table, "session_staged_1", accounts.head(SIGNUPS))
    staged = pa.Table.from_pylist([Event("staged", "a", 0.2).row()], schema=table.schema().as_arrow())
    accounts.table(SIGNUPS).append(staged, branch="session_staged_1")
    folder = to_path(table.location())
    litter = [folder / "data" / "left.parquet", folder / "metadata" / "left.avro"]
    for path in litter:
        path.write_bytes(b"nobody's")
    look_old(folder)
    (folder / "data" / "unfinished.parquet").write_bytes(b"of a commit to come")

    said = tend(accounts, SIGNUPS, days=10)

    assert f"{SMALL_FILES} files folded" in said
    assert "2 orphan files removed" in said
    assert not any(path.exists() for path in litter)
    assert (folder / "data" / "unfinished.parquet").exists()
    branch = accounts.table(SIGNUPS).scan().use_ref("session_staged_1").to_arrow()["event_id"].to_pylist()
    assert set(branch) == {"staged", *names(accounts, SIGNUPS)}
    assert accounts.run(FACTS).plan.how is not How.append


def test_abandoned_branches_go_by_age_counted_from_when_they_were_made(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(accounts, "s0")
    in_sixty_days = time.time() + 60 * 24 * 3600
    accounts.context.lake.create_branch(accounts.table(SIGNUPS), "session_old_1", accounts.head(SIGNUPS))
    monkeypatch.setattr(branches, "time", SimpleNamespace(time=lambda: in_sixty_days))
    accounts.context.lake.create_branch(accounts.table(SIGNUPS), "session_new_1", accounts.head(SIGNUPS))

    tend(accounts, SIGNUPS, days=10)
    assert {"session_old_1", "session_new_1"} < set(accounts.table(SIGNUPS).refs())
    tend(accounts, SIGNUPS, days=61)
    assert set(accounts.table(SIGNUPS).refs()) == {"main", "session_new_1"}
    tend(accounts, SIGNUPS, days=75)
    assert set(accounts.table(SIGNUPS).refs()) == {"main"}


def test_the_tables_of_ops_are_folded_and_keep_a_short_history(accounts: Accounts) -> None:
    row = {"dataset": FACTS, "session": "s", "path": "p", "size": 1, "landed_at": accounts.context.clock}
    count = LONGEST_HISTORY + 5
    for number in range(count):
        ops.append(accounts.context.lake, "ops.landed_files", [{**row, "sha256": f"{number:064x}"}])

    said = maintain_ops(accounts.context).splitlines()

    assert len(said) == len(SCHEMAS)
    assert any(f"ops.landed_files: {count} files folded" in line for line in said)
    table = accounts.context.lake.table("ops.landed_files")
    assert len(table.snapshots()) < LONGEST_HISTORY
    assert len(ops.rows(accounts.context.lake, "ops.landed_files", ops.of_dataset(FACTS))) == count


def test_s35_folding_yields_to_a_commit_that_was_there_first(accounts: Accounts) -> None:
    for number in range(SMALL_FILES):
        accounts.append(SIGNUPS, [Event(f"s{hour}-{number}", "a", hour + 0.1) for hour in range(8)], complete=30)
    folder = to_path(accounts.table(SIGNUPS).location()) / "data"
    before = set(folder.rglob("*.parquet"))

    with ThreadPoolExecutor(1) as beside:
        folding = beside.submit(maintain, accounts.context, SIGNUPS)
        until = time.monotonic() + 60
        while set(folder.rglob("*.parquet")) == before and time.monotonic() < until:
            time.sleep(0.005)
        accounts.table(SIGNUPS).delete("event_id = 's0-0'")

    assert "files folded: yielded to a session" in folding.result()
    assert len(accounts.rows(SIGNUPS)) == 8 * SMALL_FILES - 1
    assert "yielded" not in tend(accounts, SIGNUPS, days=0)
    assert len(accounts.files(SIGNUPS)) < 8 * SMALL_FILES
    assert len(accounts.rows(SIGNUPS)) == 8 * SMALL_FILES - 1
