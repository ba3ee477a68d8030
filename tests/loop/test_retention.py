"""Rows that an input no longer keeps stay downstream, and changes below that are never ignored silently."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import floor
from pathlib import Path

import pytest

from tests.accounts import transforms
from tests.accounts.names import SIGNUPS
from tests.accounts.world import DAY, Accounts, Event, hour, hours, same_rows_as_rebuild
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.catalog.properties import CATALOG
from tidemark.errors import PositionLost
from tidemark.stages import Committed
from tidemark.state.cause import Resync
from tidemark.state.effect import How
from tidemark.state.ranges import Interval, describe, from_on, subtract
from tidemark.state.watermark import Border

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, AROUND = "accounts.signups", "accounts.signups_around"
NOW = hour(72)


def signups(*at: float) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x) for x in at]


def late(name: str, at: float) -> Event:
    return Event(name, f"account-{name}", at, landed=71)


def keeping_a_day(accounts: Accounts, dataset: str, *at: float) -> None:
    """A dataset over sign-ups that its input keeps for a day; some of them are built."""
    ((name, window),) = accounts.context.specs[dataset].inputs.items()
    with_spec(accounts, dataset, inputs={name: replace(window, keep=timedelta(hours=24))})
    accounts.append(SIGNUPS, signups(*at), complete=71)
    run(accounts, dataset)


def run(accounts: Accounts, dataset: str) -> Committed:
    return accounts.run(dataset, clock=NOW)


def resync(accounts: Accounts, dataset: str) -> Committed:
    context = replace(accounts.context, clock=NOW)
    return session.run(context, dataset, Resync(), say=accounts.said.append)


def older_than(instant: datetime) -> str:
    return f"happened_at < TIMESTAMP '{instant:%Y-%m-%d %H:%M:%S}Z'"


def facts(accounts: Accounts) -> set[str]:
    return {row["event_id"] for row in accounts.rows(FACTS)}


def each_fact(accounts: Accounts) -> list[str]:
    """Return the event ids; the id of a doubled row comes twice."""
    return sorted(row["event_id"] for row in accounts.rows(FACTS))


def expire_all_but(accounts: Accounts, latest: int) -> None:
    options = f"older_than => TIMESTAMP '2100-01-01', retain_last => {latest}"
    accounts.spark.sql(f"CALL {CATALOG}.system.expire_snapshots(table => '{SIGNUPS}', {options})")


def test_s62_a_late_row_beside_retention_leaves_what_is_downstream(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    accounts.append(SIGNUPS, [late("late", 0.7)])

    done = run(accounts, FACTS)

    assert done.plan.how is How.append
    assert facts(accounts) == {"s0.5", "late", "s30.5"}


def test_s62_retention_and_an_erasure_in_one_commit_are_told_apart(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 60.5, 60.6)
    accounts.delete(SIGNUPS, f"{older_than(hour(24))} OR event_id = 's60.5'")

    run(accounts, FACTS)

    assert facts(accounts) == {"s0.5", "s60.6"}


def test_s62_an_erasure_that_empties_an_old_hour_flows(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 10.5, 60.5, 60.6)
    accounts.delete(SIGNUPS, "event_id IN ('s10.5', 's60.5')")

    run(accounts, FACTS)

    assert facts(accounts) == {"s0.5", "s60.6"}


@pytest.mark.parametrize(("dataset", "left"), [(FACTS, hours(0, 0)), (AROUND, hours(-1, 3))])
def test_s62_what_changes_below_what_an_input_keeps_is_said(accounts: Accounts, dataset: str, left: Interval) -> None:
    keeping_a_day(accounts, dataset, 0.5, 60.5, 60.6)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, dataset)
    accounts.append(SIGNUPS, [late("late", 0.7)])
    accounts.delete(SIGNUPS, "event_id = 's60.5'")

    done = run(accounts, dataset)

    (note,) = [note for note in done.plan.notes if note.startswith("below what its inputs keep")]
    assert f"input rows that affect {left} changed" in note


def test_s62_a_resync_replaces_what_upstream_put_back_and_leaves_the_rest(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 1.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, FACTS)
    accounts.append(SIGNUPS, signups(0.5))
    run(accounts, FACTS)

    resync(accounts, FACTS)

    assert sorted(row["event_id"] for row in accounts.rows(FACTS)) == ["s0.5", "s1.5", "s30.5"]


def test_s62_an_erasure_below_what_an_input_keeps_moves_the_watermark_only(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, FACTS)
    accounts.append(SIGNUPS, [late("one", 0.7), late("two", 0.8)])
    run(accounts, FACTS)
    accounts.delete(SIGNUPS, "event_id = 'one'")

    done = run(accounts, FACTS)

    assert done.plan.how is How.touch
    assert any(note.startswith("below what its inputs keep") for note in done.plan.notes)
    assert run(accounts, FACTS).plan.how is How.nothing


def test_s62_what_is_overdue_ends_where_its_input_drops_it(accounts: Accounts) -> None:
    keeping_a_day(accounts, AROUND, 2.5, 60.5)
    accounts.append(SIGNUPS, signups(3.5))
    assert run(accounts, AROUND).plan.overdue == (hours(2, 6),)
    accounts.delete(SIGNUPS, older_than(hour(24)))

    done = run(accounts, AROUND)

    assert done.plan.overdue == ()
    assert any(note.startswith(f"no longer overdue: {hours(2, 6)}") for note in done.plan.notes)


def test_s62_a_resync_over_an_input_that_went_back_leaves_no_row_beyond_it(accounts: Accounts) -> None:
    keeping_a_day(accounts, AROUND, 0.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, AROUND)
    first = accounts.head(SIGNUPS)
    accounts.append(SIGNUPS, signups(66.5), complete=71)
    run(accounts, AROUND)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {first})")
    accounts.complete(SIGNUPS, 40)

    done = resync(accounts, AROUND)

    assert done.plan.complete_through == hour(41)
    built = {row["hour"] for row in accounts.rows(AROUND)}
    assert min(built) < hour(4) and hour(31) in built and max(built) < hour(41)


def test_s62_an_old_hour_deleted_and_inserted_again_between_two_sessions_comes_once(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5, 60.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    accounts.append(SIGNUPS, signups(0.5))

    run(accounts, FACTS)

    assert each_fact(accounts) == ["s0.5", "s30.5", "s60.5"]


def test_s62_a_late_row_at_the_time_of_a_dropped_one_wipes_nothing_downstream(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    accounts.append(SIGNUPS, [late("late", 0.5)])

    run(accounts, FACTS)

    assert each_fact(accounts) == ["late", "s0.5", "s30.5"]


def test_s62_an_hour_mended_after_retention_leaves_what_was_dropped_beside_it(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 1.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    accounts.append(SIGNUPS, signups(0.5))

    done = run(accounts, FACTS)

    assert each_fact(accounts) == ["s0.5", "s1.5", "s30.5"]
    assert any(note.startswith("below what its inputs keep") for note in done.plan.notes)


@pytest.mark.parametrize("dataset", [FACTS, AROUND])
def test_s62_a_resync_after_retention_that_no_session_has_seen_leaves_what_is_downstream(
    accounts: Accounts, dataset: str
) -> None:
    keeping_a_day(accounts, dataset, 0.5, 30.5, 60.5)
    time = "happened_at" if dataset == FACTS else "hour"
    old = [row for row in accounts.rows(dataset) if row[time] < hour(4)]
    accounts.delete(SIGNUPS, older_than(hour(24)))

    resync(accounts, dataset)

    assert old and [row for row in accounts.rows(dataset) if row[time] < hour(4)] == old


def test_s62_a_resync_still_takes_out_what_was_erased(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5, 60.5, 60.6)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    accounts.delete(SIGNUPS, "event_id = 's60.5'")

    resync(accounts, FACTS)

    assert each_fact(accounts) == ["s0.5", "s30.5", "s60.6"]


@pytest.mark.parametrize("straggler", [(), (0.7,)])
def test_s62_the_resync_after_a_lost_position_leaves_what_retention_left_downstream(
    accounts: Accounts, straggler: tuple[float, ...]
) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 1.5, 30.5, 60.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    accounts.append(SIGNUPS, [*signups(60.7), *(late("late", at) for at in straggler)])
    expire_all_but(accounts, latest=1)
    with pytest.raises(PositionLost, match=f"tidemark run {FACTS} --resync"):
        run(accounts, FACTS)

    resync(accounts, FACTS)

    assert {"s1.5", "s30.5", "s60.5", "s60.7"} < facts(accounts)
    assert ("s0.5" in facts(accounts)) is not bool(straggler), "an hour that the input holds is as the input has it"


def test_s62_after_a_lost_position_the_resync_rebuilds_what_an_input_without_retention_holds(
    accounts: Accounts, tmp_path: Path
) -> None:
    keeping_a_day(accounts, AROUND, 0.5, 20.5, 21.5, 60.5)
    accounts.delete(SIGNUPS, "event_id = 's20.5'")
    accounts.append(SIGNUPS, signups(61.5))
    expire_all_but(accounts, latest=1)

    resync(accounts, AROUND)

    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_s62_a_resync_over_an_input_that_was_rolled_back_rebuilds_all_that_it_holds(
    accounts: Accounts, tmp_path: Path
) -> None:
    keeping_a_day(accounts, AROUND, 0.5)
    before = accounts.head(SIGNUPS)
    accounts.append(SIGNUPS, signups(2.5), complete=71)
    resync(accounts, AROUND)
    expire_all_but(accounts, latest=2)
    accounts.spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{SIGNUPS}', {before})")
    accounts.complete(SIGNUPS, 71)

    resync(accounts, AROUND)

    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


@pytest.mark.parametrize("seen", [True, False])
def test_s62_an_input_under_a_new_name_leaves_what_retention_left_downstream(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5, 60.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    if seen:
        run(accounts, FACTS)
    accounts.append(SIGNUPS, signups(61.5))
    window = accounts.context.specs[FACTS].inputs["feed"]
    with_spec(accounts, FACTS, inputs={"raw": replace(window, name="raw")})
    plain = transforms.facts
    monkeypatch.setattr(transforms, "facts", lambda inputs, params: plain({"feed": inputs["raw"]}, params))

    run(accounts, FACTS)

    assert each_fact(accounts) == ["s0.5", "s30.5", "s60.5", "s61.5"]


def test_s62_what_is_owed_ends_where_its_input_drops_it(accounts: Accounts) -> None:
    window = accounts.context.specs[AROUND].inputs["signups"]
    keeping = {"signups": replace(window, keep=timedelta(hours=24))}
    with_spec(accounts, AROUND, inputs=keeping, max_range=timedelta(hours=6), catch_up_limit=None)
    accounts.append(SIGNUPS, signups(0.5, 9.5, 15.5, 60.5), complete=71)
    owed = run(accounts, AROUND).plan.owed
    accounts.delete(SIGNUPS, older_than(hour(24)))

    done = run(accounts, AROUND)

    gone = describe(subtract(owed, from_on(hour(19))))  # three hours of window after what was dropped last
    assert any(
        note.startswith(f"no longer owed: {gone}, because its inputs no longer keep it") for note in done.plan.notes
    )


def test_s62_an_erasure_alone_that_empties_an_old_hour_flows_while_older_hours_are_there(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 10.5, 60.5)
    accounts.delete(SIGNUPS, "event_id = 's10.5'")

    run(accounts, FACTS)

    assert each_fact(accounts) == ["s0.5", "s60.5"]


@pytest.mark.parametrize("until", [(24,), (1, 11, 24)])
def test_s62_retention_by_landing_passes_over_late_rows_in_one_commit_or_several(
    accounts: Accounts, until: tuple[int, ...]
) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 10.5, 20.5, 60.5)
    accounts.append(SIGNUPS, [late("late", 0.2)])
    run(accounts, FACTS)
    for end in until:
        accounts.delete(SIGNUPS, f"arrived_at < TIMESTAMP '{hour(end):%Y-%m-%d %H:%M:%S}Z'")

    run(accounts, FACTS)

    assert each_fact(accounts) == ["late", "s0.5", "s10.5", "s20.5", "s60.5"]


def test_s62_retention_that_ran_after_the_clock_of_a_late_run_stays_downstream(accounts: Accounts) -> None:
    now = floor((datetime.now(UTC) - DAY) / timedelta(hours=1))
    keeping_a_day(accounts, FACTS, now - 25.5, now - 3.5)
    accounts.delete(SIGNUPS, older_than(hour(now - 24)))

    accounts.run(FACTS, clock=hour(now - 2))

    assert each_fact(accounts) == sorted([f"s{now - 25.5}", f"s{now - 3.5}"])


def test_s63_what_a_rebuild_leaves_below_what_an_input_keeps_has_a_border(accounts: Accounts) -> None:
    keeping_a_day(accounts, AROUND, 0.5, 30.5, 60.5)
    first = accounts.watermark(AROUND)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    for mended in (1, 2):
        with_spec(accounts, AROUND, params={"mended": mended})
        run(accounts, AROUND)
    resync(accounts, AROUND)

    last = accounts.watermark(AROUND)
    assert first is not None and last is not None
    assert last.borders == (Border(first.logic, hour(4)),)
    assert min(row["hour"] for row in accounts.rows(AROUND)) < hour(4)


def test_s63_a_rebuild_further_up_leaves_one_border_after_the_other(accounts: Accounts) -> None:
    keeping_a_day(accounts, AROUND, 0.5, 30.5, 60.5)
    logics = [accounts.watermark(AROUND).logic]  # type: ignore[union-attr]
    for until, mended in ((24, 1), (48, 2)):
        accounts.delete(SIGNUPS, older_than(hour(until)))
        with_spec(accounts, AROUND, params={"mended": mended})
        logics.append(run(accounts, AROUND).plan.logic)

    last = accounts.watermark(AROUND)
    assert last is not None
    assert last.borders == (Border(logics[0], hour(4)), Border(logics[1], hour(34)))
