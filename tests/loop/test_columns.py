"""Columns of inputs and targets that are added, widened, removed or changed in type while sessions run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tests.accounts import transforms
from tests.accounts.world import Accounts, Event, same_rows_as_rebuild
from tidemark import session
from tidemark.errors import ColumnsDiffer, InputChanged
from tidemark.spec import Column
from tidemark.state.cause import Resync
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

SIGNUPS, FACTS = "accounts.signups_feed", "accounts.signups"


def arrive(accounts: Accounts, at: float) -> None:
    accounts.append(SIGNUPS, [Event(f"s{at}", f"account-{at}", at)], complete=int(at))


def with_columns(accounts: Accounts, dataset: str, **changes: Column | None) -> None:
    spec = accounts.context.specs[dataset]
    columns = {name: column for name, column in {**spec.columns, **changes}.items() if column is not None}
    specs = {**accounts.context.specs, dataset: replace(spec, columns=columns)}
    accounts.context = replace(accounts.context, specs=specs)


def ddl(accounts: Accounts, dataset: str, change: str) -> None:
    accounts.spark.sql(f"ALTER TABLE lake.{dataset} {change}")


def test_s28_an_input_that_gains_a_column_is_read_as_before(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    ddl(accounts, SIGNUPS, "ADD COLUMN campaign string")
    accounts.spark.sql(
        f"INSERT INTO lake.{SIGNUPS} SELECT 's1', 'a1', 'basic', TIMESTAMP '2026-04-12 01:10:00Z', "
        "TIMESTAMP '2026-04-12 01:10:00Z', 'spring'"
    )
    accounts.complete(SIGNUPS, 1)

    assert accounts.run(FACTS).plan.how is How.append
    assert {row["event_id"] for row in accounts.rows(FACTS)} == {"s0.5", "s1"}


def test_s28_a_column_that_an_input_gained_is_read_as_null_before_its_next_commit(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    ddl(accounts, SIGNUPS, "ADD COLUMN campaign string")
    ddl(accounts, SIGNUPS, "RENAME COLUMN plan TO tariff")
    campaign, tariff = (Column(name, "string", "named since") for name in ("campaign", "tariff"))
    with_columns(accounts, SIGNUPS, campaign=campaign, tariff=tariff, plan=None)
    monkeypatch.setattr(transforms, "facts", named_since)

    session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)

    assert [row["plan"] for row in accounts.rows(FACTS)] == ["basic of none"]


def named_since(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    campaign = F.coalesce("campaign", F.lit("none"))
    plan = F.concat_ws(" of ", "tariff", campaign).alias("plan")
    return inputs["feed"].select("event_id", "account_id", plan, "happened_at")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("DROP COLUMN plan", "column plan does not exist"),
        ("RENAME COLUMN plan TO tariff", "column plan does not exist"),
    ],
)
def test_s28_an_input_that_lost_a_column_stops_the_session(accounts: Accounts, change: str, sentence: str) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    head = accounts.head(FACTS)
    arrive(accounts, 1.5)
    table = accounts.table(SIGNUPS)
    table.refresh()
    ddl(accounts, SIGNUPS, change)

    with pytest.raises(InputChanged, match=sentence):
        accounts.run(FACTS)

    assert accounts.head(FACTS) == head


def test_s28_an_input_column_of_another_type_stops_the_session(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    ddl(accounts, SIGNUPS, "DROP COLUMN plan")
    ddl(accounts, SIGNUPS, "ADD COLUMN plan int")

    with pytest.raises(InputChanged, match="column plan is int and not string"):
        accounts.run(FACTS)


def test_s28_a_spec_that_gains_an_optional_column_is_followed(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    with_columns(accounts, FACTS, campaign=Column("campaign", "string", "where the sign-up came from"))
    spec = replace(accounts.context.specs[FACTS], transform="tests.accounts.transforms:facts_with_campaign")
    accounts.context = replace(accounts.context, specs={**accounts.context.specs, FACTS: spec})

    done = accounts.run(FACTS)

    assert done.plan.how is How.overwrite  # the logic is another, so the rows are rebuilt
    assert [row["campaign"] for row in accounts.rows(FACTS)] == ["unknown"]


def test_s28_a_wider_type_is_followed_and_a_narrower_one_refused(accounts: Accounts) -> None:
    dataset = "accounts.signups_around"
    wide = accounts.context.specs[dataset].columns["signups"]
    with_columns(accounts, dataset, signups=replace(wide, type="int"))
    arrive(accounts, 0.5)
    accounts.run(dataset)
    assert str(accounts.table(dataset).schema().find_type("signups")) == "int"

    with_columns(accounts, dataset, signups=wide)
    arrive(accounts, 1.5)
    accounts.run(dataset)
    assert str(accounts.table(dataset).schema().find_type("signups")) == "long"
    assert [row["signups"] for row in accounts.rows(dataset)] == [1, 2, 2]

    with_columns(accounts, dataset, signups=replace(wide, type="int"))
    with pytest.raises(ColumnsDiffer, match="is long in the table and int in the spec"):
        accounts.run(dataset)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"plan": None}, "the table has a column plan that the spec lacks"),
        ({"plan": Column("plan", "int", "another type")}, "plan is string in the table and int in the spec"),
        ({"extra": Column("extra", "string", "new", required=True)}, "new and required"),
        ({"plan": Column("plan", "string", "never null from now on", required=True)}, "may be null in the table"),
    ],
)
def test_s28_a_spec_that_does_more_than_add_stops_before_writing(
    accounts: Accounts, changes: dict[str, Any], sentence: str
) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    head = accounts.head(FACTS)
    arrive(accounts, 1.5)
    with_columns(accounts, FACTS, **changes)

    with pytest.raises(ColumnsDiffer, match=sentence):
        accounts.run(FACTS)

    assert accounts.head(FACTS) == head


def test_s28_ddl_during_a_session_starts_it_again(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    planned = session.init(accounts.context, FACTS, say=accounts.said.append)
    ddl(accounts, FACTS, "ALTER COLUMN plan COMMENT 'the tariff'")

    published = session.write_audit_publish(accounts.context, FACTS, planned.plan.session, say=accounts.said.append)

    assert published.plan.schema_id != planned.plan.schema_id
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")
