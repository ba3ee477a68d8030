"""Small lookup tables: their rows list the days that they affect, and added rows can be recognized as no news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import DAY, SCHEMAS, Accounts, Event, hours
from tests.loop.respecified import with_spec
from tests.loop.transforms import SEEN_BY_NEWS
from tidemark import session
from tidemark.spec import Column, DatasetSpec, InputSpec
from tidemark.state.cause import Resync
from tidemark.state.effect import AppendRows, How, Touch

pytestmark = [pytest.mark.loop, pytest.mark.spark]

AROUND, TOTALS, RATES = "accounts.signups_around", "accounts.signup_totals", "accounts.rates"
FIRST, SECOND = DAY.date(), DAY.date() + timedelta(days=1)


def signups(*at: float) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x) for x in at]


def with_rates(accounts: Accounts, **changes: Any) -> None:
    """AROUND reads a lookup table of rates, to which the test itself writes; three days of sign-ups are built."""
    rates = DatasetSpec(
        dataset=RATES,
        why="Rates by name, and the days to which each change of one applies.",
        grain=("version",),
        mode="versioned",
        replace="append",
        transform="tests.accounts.transforms:totals",
        inputs={"signups": InputSpec("signups", SIGNUPS)},
        columns={
            "version": Column("version", "string", "the change", required=True),
            "days": Column("days", "list<date>", "the days to which it applies"),
        },
        path=SCHEMAS / "rates.yaml",
    )
    accounts.context = replace(accounts.context, specs={**accounts.context.specs, RATES: rates})
    looked_up = InputSpec("rates", RATES, optional=True, touches="days", **changes)
    inputs = {**accounts.context.specs[AROUND].inputs, "rates": looked_up}
    with_spec(accounts, AROUND, inputs=inputs, catch_up_limit=None)
    add_rate(accounts, "first", [])
    accounts.append(SIGNUPS, signups(*range(72)), complete=71)
    accounts.run(AROUND)


def add_rate(accounts: Accounts, version: str, days: Sequence[date] | None) -> None:
    table = accounts.table(RATES)
    table.append(pa.Table.from_pylist([{"version": version, "days": days}], schema=table.schema().as_arrow()))
    accounts.complete(RATES, 0)


def test_s68_a_changed_row_touches_the_days_that_it_lists_and_no_others(accounts: Accounts) -> None:
    with_rates(accounts)
    before = accounts.files(AROUND)
    add_rate(accounts, "second", [SECOND])

    done = accounts.run(AROUND)

    assert done.plan.ranges == (hours(24, 47),)
    assert done.plan.inputs["rates"].reads is None, "a table that is looked up is read whole"
    kept = {file for file in before if "hour_hour=2026-04-13" not in file}
    assert len(kept) < len(before) and kept <= accounts.files(AROUND)


def test_s68_days_that_are_far_apart_leave_what_lies_between(accounts: Accounts) -> None:
    with_rates(accounts)
    for version, days in (("second", [FIRST]), ("third", [FIRST, SECOND + timedelta(days=1)])):
        add_rate(accounts, version, days)

    assert accounts.run(AROUND).plan.ranges == (hours(0, 23), hours(48, 71))


def test_a_row_that_lists_no_day_touches_nothing_and_one_without_a_list_everything(accounts: Accounts) -> None:
    with_rates(accounts)
    add_rate(accounts, "second", [])
    assert accounts.run(AROUND).plan.how is How.touch
    add_rate(accounts, "third", None)

    assert accounts.run(AROUND).plan.ranges == (hours(-1, 71),)


def test_the_listed_days_are_widened_by_the_window(accounts: Accounts) -> None:
    with_rates(accounts, before=timedelta(hours=3), after=timedelta(hours=1))
    add_rate(accounts, "second", [SECOND])

    assert accounts.run(AROUND).plan.ranges == (hours(23, 50),)


def test_a_row_that_is_taken_out_touches_its_days_too(accounts: Accounts) -> None:
    with_rates(accounts)
    add_rate(accounts, "second", [SECOND])
    accounts.run(AROUND)
    accounts.delete(RATES, "version = 'second'")

    assert accounts.run(AROUND).plan.ranges == (hours(24, 47),)


def test_a_changed_file_that_is_gone_touches_everything(accounts: Accounts) -> None:
    with_rates(accounts)
    add_rate(accounts, "second", [SECOND])
    newest = max(accounts.files(RATES), key=lambda file: Path(file.removeprefix("file://")).stat().st_mtime_ns)
    Path(newest.removeprefix("file://")).unlink()

    assert accounts.plan(AROUND).ranges == (hours(-1, 71),)


def with_news(accounts: Accounts) -> None:
    """Totals count the new accounts; two are already known."""
    own = accounts.context.specs[TOTALS].inputs["earlier"]
    feed = InputSpec("signups", SIGNUPS, rows=True, read="added", news_if="tests.loop.transforms:holds_new_accounts")
    inputs = {"signups": feed, "earlier": own}
    with_spec(accounts, TOTALS, inputs=inputs, transform="tests.loop.transforms:new_accounts")
    accounts.append(SIGNUPS, [Event("a", "anna", 1.1), Event("b", "bert", 1.2)], complete=1)
    accounts.run(TOTALS)


def counted(accounts: Accounts) -> list[tuple[int, int]]:
    """Return each version's number, and how many rows it read."""
    return [(row["number"], row["signups"]) for row in accounts.rows(TOTALS, ["number"])]


def test_a_version_is_made_from_the_added_rows_alone(accounts: Accounts) -> None:
    with_news(accounts)
    accounts.append(SIGNUPS, [Event("c", "carl", 2.1)], complete=2)

    plan = accounts.run(TOTALS).plan

    assert isinstance(plan.effect, AppendRows) and plan.inputs["signups"].added_only
    assert counted(accounts) == [(1, 2), (2, 1)]


def test_rows_that_cannot_matter_move_the_watermark_and_are_not_read(accounts: Accounts) -> None:
    with_news(accounts)
    head = accounts.head(TOTALS)
    accounts.append(SIGNUPS, [Event("d", "anna", 2.1)], complete=2)

    plan = accounts.run(TOTALS).plan

    assert isinstance(plan.effect, Touch) and accounts.head(TOTALS) == head
    assert any("signups gained cannot matter" in note for note in plan.notes)
    mark = accounts.watermark(TOTALS)
    assert mark is not None and mark.complete_through == plan.inputs["signups"].complete_through
    assert mark.inputs["signups"].snapshot == accounts.head(SIGNUPS)
    assert accounts.plan(TOTALS).how is How.nothing


def test_what_was_passed_over_is_not_read_by_the_next_version(accounts: Accounts) -> None:
    with_news(accounts)
    accounts.append(SIGNUPS, [Event("d", "anna", 2.1)], complete=2)
    accounts.run(TOTALS)
    accounts.append(SIGNUPS, [Event("e", "emil", 3.1)], complete=3)
    accounts.run(TOTALS)

    assert counted(accounts) == [(1, 2), (2, 1)]


def test_the_function_sees_the_bounds_of_each_file_and_the_rows_of_the_dataset(accounts: Accounts) -> None:
    with_news(accounts)
    accounts.append(SIGNUPS, [Event("f", "anna", 2.1, plan=None), Event("g", "zoe", 2.2, plan=None)], complete=2)
    accounts.plan(TOTALS)

    files, own = SEEN_BY_NEWS[-1]
    assert [(file["account_id"], file["plan"]) for file in files] == [(("anna", "zoe"), None)]
    assert [row["number"] for row in own] == [1]


@pytest.mark.parametrize("why", ["rewritten", "logic", "resync"])
def test_more_than_added_rows_is_read_whole(accounts: Accounts, why: str) -> None:
    with_news(accounts)
    accounts.append(SIGNUPS, [Event("h", "anna", 2.1)], complete=2)
    if why == "rewritten":
        accounts.delete(SIGNUPS, "event_id = 'b'")
    if why == "logic":
        with_spec(accounts, TOTALS, params={"mended": True})
    cause: Mapping[str, Any] = {"cause": Resync("a test asked for it")} if why == "resync" else {}

    session.run(accounts.context, TOTALS, say=accounts.said.append, **cause)

    assert counted(accounts) == [(1, 2), (2, 2 if why == "rewritten" else 3)]
