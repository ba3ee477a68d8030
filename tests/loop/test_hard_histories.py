"""Short histories that once broke the loop, on a real catalog."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import functions as F

from tests.accounts import transforms
from tests.accounts.world import Accounts, Event, hour
from tests.loop.landing import drop
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.catalog.properties import CATALOG, SESSION, branch_name
from tidemark.engine.frames import within
from tidemark.errors import AuditFailed, InputChanged, RequestRefused, RolledBack
from tidemark.operate.releases import write_release
from tidemark.spec import Column, InputSpec
from tidemark.state.cause import Resync
from tidemark.state.effect import How
from tidemark.state.ranges import Interval

pytestmark = [pytest.mark.loop, pytest.mark.spark]

SIGNUPS, FACTS, AROUND, TOTALS = (
    "accounts.signups_feed",
    "accounts.signups",
    "accounts.signups_around",
    "accounts.signup_totals",
)


def events(*at: float) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x) for x in at]


def reading_facts_and_feed(accounts: Accounts) -> None:
    """Totals read the facts, and the feed from which the facts are made."""
    own = accounts.context.specs[TOTALS].inputs["earlier"]
    both = {"signups": InputSpec("signups", FACTS), "feed": InputSpec("feed", SIGNUPS), "earlier": own}
    with_spec(accounts, TOTALS, inputs=both)


def test_an_input_under_a_new_name_is_not_appended_a_second_time(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.append(SIGNUPS, events(0.1, 1.1), complete=1)
    accounts.run(FACTS)
    facts = transforms.facts
    monkeypatch.setattr(transforms, "facts", lambda inputs, params: facts({"feed": inputs["raw"]}, params))
    with_spec(accounts, FACTS, inputs={"raw": replace(accounts.context.specs[FACTS].inputs["feed"], name="raw")})

    accounts.run(FACTS)

    assert len(accounts.rows(FACTS)) == 2


def test_a_changed_input_without_time_rebuilds_all(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    around = transforms.around

    def scaled(inputs: Any, params: Any) -> Any:
        latest = inputs["totals"].agg(F.coalesce(F.max("number"), F.lit(0)).alias("latest"))
        return (
            around(inputs, params)
            .crossJoin(latest)
            .select("hour", (F.col("signups") + F.col("latest")).alias("signups"))
        )

    monkeypatch.setattr(transforms, "around", scaled)
    inputs = {**accounts.context.specs[AROUND].inputs, "totals": InputSpec("totals", TOTALS)}
    with_spec(accounts, AROUND, inputs=inputs)
    accounts.append(SIGNUPS, events(1.1), complete=5)
    accounts.run(TOTALS)
    accounts.run(AROUND)
    accounts.append(SIGNUPS, events(4.1), complete=5)
    accounts.run(TOTALS)

    accounts.run(AROUND)

    rows = accounts.rows(AROUND)
    session.run(accounts.context, AROUND, Resync(), say=accounts.said.append)
    assert rows == accounts.rows(AROUND)


def test_a_touch_that_another_session_overtook_can_still_be_closed(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(1.1), complete=5)
    for through in (5, 20):
        accounts.complete(SIGNUPS, through)
        accounts.run(AROUND)
    accounts.complete(SIGNUPS, 21)
    planned = session.init(accounts.context, AROUND, say=accounts.said.append)
    published = session.write_audit_publish(accounts.context, AROUND, planned.plan.session, say=accounts.said.append)
    accounts.complete(SIGNUPS, 22)
    accounts.run(AROUND)

    closed = session.commit(accounts.context, AROUND, published.plan.session, say=accounts.said.append)

    assert planned.plan.how is How.touch
    assert closed.plan.session == planned.plan.session


def test_a_staged_snapshot_that_lost_rows_does_not_pass_when_it_is_found_again(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(0.1, 1.1), complete=1)
    planned = session.init(accounts.context, FACTS, say=accounts.said.append)
    branch = branch_name(planned.plan.session, "lossy")
    accounts.context.lake.create_branch(accounts.table(FACTS), branch, planned.plan.base_snapshot)
    part = accounts.spark.table(f"{CATALOG}.{SIGNUPS}").limit(1).select("event_id", "account_id", "plan", "happened_at")
    writer = part.writeTo(f"{CATALOG}.{FACTS}.branch_{branch}")
    writer.option(f"snapshot-property.{SESSION}", planned.plan.session).append()

    with pytest.raises(AuditFailed):
        session.write_audit_publish(accounts.context, FACTS, planned.plan.session, say=accounts.said.append)


def test_a_resync_takes_foreign_rows_away_wherever_they_lie(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(1.1), complete=5)
    accounts.run(AROUND)
    accounts.spark.sql(f"INSERT INTO {CATALOG}.{AROUND} VALUES (timestamp'2026-04-13 20:00:00Z', 99L)")

    session.run(accounts.context, AROUND, Resync(), say=accounts.said.append)

    assert 99 not in {row["signups"] for row in accounts.rows(AROUND)}


def test_a_resync_that_lost_a_race_stays_a_resync(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(1.1), complete=5)
    accounts.run(AROUND)
    planned = session.init(accounts.context, AROUND, Resync(), say=accounts.said.append)
    accounts.complete(SIGNUPS, 20)
    accounts.run(AROUND)

    published = session.write_audit_publish(accounts.context, AROUND, planned.plan.session, say=accounts.said.append)

    assert published.plan.how is How.overwrite


def test_s22_a_rolled_back_input_lends_no_completeness(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(1.1), complete=5)
    accounts.run(FACTS)
    first = accounts.head(SIGNUPS)
    accounts.append(SIGNUPS, events(6.1, 7.1), complete=9)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {first})")

    with pytest.raises(InputChanged, match=f"rolled the table back.*tidemark adopt {SIGNUPS}.*Its readers wait"):
        accounts.run(FACTS)


def test_a_date_column_keeps_the_day_in_which_a_range_ends(accounts: Accounts) -> None:
    days = accounts.spark.createDataFrame([(date(2026, 4, day),) for day in (11, 12, 13)], "day date")
    until_noon = within(Column("day", "date", "a day"), (Interval(hour(-240), hour(12)),))

    assert {row.day.day for row in days.where(until_noon).collect()} == {11, 12}


def test_a_source_is_complete_only_through_what_its_settling_time_has_let_in(accounts: Accounts) -> None:
    landing = accounts.context.specs[SIGNUPS].landing
    assert landing is not None
    with_spec(accounts, SIGNUPS, landing=replace(landing, settling=timedelta(hours=1)))
    drop(accounts, "a.json", 0.1)

    assert accounts.run(SIGNUPS, clock=hour(8.5)).plan.complete_through == hour(7)


def test_a_source_that_was_rolled_back_loses_nothing(accounts: Accounts) -> None:
    drop(accounts, "a.json", 0.1)
    accounts.run(SIGNUPS, clock=hour(3))
    first = accounts.head(SIGNUPS)
    drop(accounts, "b.json", 1.1)
    second = accounts.run(SIGNUPS, clock=hour(4)).watermark
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {first})")

    with pytest.raises(RolledBack):
        accounts.run(SIGNUPS, clock=hour(5))
    with pytest.raises(RequestRefused, match="without --resync"):
        session.run(accounts.context, SIGNUPS, Resync(), say=accounts.said.append)
    assert second is not None
    accounts.spark.sql(f"CALL lake.system.set_current_snapshot('{SIGNUPS}', {second.snapshot})")
    accounts.run(SIGNUPS, clock=hour(6))
    assert {row["event_id"] for row in accounts.rows(SIGNUPS)} == {"s0.1", "s1.1"}


def test_a_release_names_only_tables_that_belong_together(accounts: Accounts) -> None:
    reading_facts_and_feed(accounts)
    accounts.append(SIGNUPS, events(1.1), complete=5)
    accounts.run(FACTS)
    accounts.append(SIGNUPS, events(4.1), complete=5)
    accounts.run(TOTALS)
    assert not write_release(accounts.context, TOTALS).written

    accounts.append(SIGNUPS, events(4.2), complete=5)
    accounts.run(FACTS)
    assert not write_release(accounts.context, TOTALS).written

    accounts.run(TOTALS)
    assert write_release(accounts.context, TOTALS).written


def test_a_compaction_does_not_hold_a_release_back(accounts: Accounts) -> None:
    reading_facts_and_feed(accounts)
    accounts.append(SIGNUPS, events(1.1), complete=5)
    accounts.append(SIGNUPS, events(2.1), complete=5)
    accounts.run(FACTS)
    accounts.spark.sql(
        f"CALL lake.system.rewrite_data_files(table => '{SIGNUPS}', options => map('rewrite-all', 'true'))"
    )
    accounts.run(TOTALS)

    assert write_release(accounts.context, TOTALS).written


def test_a_rewrite_of_the_input_that_changed_no_row_stops_nobody(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(1.1), complete=5)
    accounts.run(FACTS)
    feed = accounts.spark.table(f"{CATALOG}.{SIGNUPS}")
    feed.where("false").writeTo(f"{CATALOG}.{SIGNUPS}").overwrite(
        F.expr("happened_at < timestamp'2026-04-01 00:00:00Z'")
    )
    accounts.complete(SIGNUPS, 5)

    accounts.run(FACTS)

    assert len(accounts.rows(FACTS)) == 1
