"""No unaudited row is ever readable on main: six ways in which an audit does not pass, and one in which it warns."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.accounts.world import Accounts, Event
from tidemark import session
from tidemark.audit import audit_staged
from tidemark.catalog import ops
from tidemark.errors import AuditError, AuditFailed, OutputRefused, TidemarkError
from tidemark.session import WARNING
from tidemark.spec import DatasetSpec, Expectation
from tidemark.stages import Planned, Staged
from tidemark.steps import write as write_step
from tidemark.steps.audit import audit
from tidemark.steps.context import Context
from tidemark.steps.write import write

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, SIGNUPS, PLANS, CANCELS, STATES = (
    "accounts.signups",
    "accounts.signups_feed",
    "accounts.plans_feed",
    "accounts.cancels_feed",
    "accounts.account_states",
)
TOTALS = "accounts.signup_totals"


def ready(accounts: Accounts, plan: str) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5, plan)], complete=0)
    accounts.complete(PLANS, 0)
    accounts.complete(CANCELS, 0)


def test_s40_a_failed_check_publishes_nothing_and_keeps_the_branch(accounts: Accounts) -> None:
    ready(accounts, "")
    head = accounts.table(STATES).current_snapshot()

    with pytest.raises(AuditFailed, match="main is unchanged"):
        accounts.run(STATES)

    table = accounts.table(STATES)
    assert table.current_snapshot() == head
    assert accounts.watermark(STATES) is None
    assert [name for name in table.refs() if name.startswith("session_")]
    failed = [row for row in ops.rows(accounts.context.lake, "ops.audit_results") if not row["passed"]]
    assert [row["severity"] for row in failed] == ["fail"]


def test_s40_a_missing_audit_library_publishes_nothing(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(accounts, "basic")
    head = accounts.head(STATES)
    for name in [name for name in sys.modules if name.split(".")[0] == "great_expectations"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "great_expectations", None)

    with pytest.raises(AuditError):
        accounts.run(STATES)

    assert (accounts.head(STATES), accounts.watermark(STATES)) == (head, None)


def with_expectation(accounts: Accounts, expectation: Expectation) -> Context:
    spec = accounts.context.specs[STATES]
    changed = replace(spec, expectations=(expectation,))
    return replace(accounts.context, specs={**accounts.context.specs, STATES: changed})


def refused(accounts: Accounts, context: Context, error: type[TidemarkError]) -> None:
    """Check that the session ends in the error, and that main and watermark are as before."""
    head = accounts.head(STATES)
    with pytest.raises(error):
        session.run(context, STATES, say=accounts.said.append)
    assert (accounts.head(STATES), accounts.watermark(STATES)) == (head, None)


def test_s40_an_audit_that_errs_publishes_nothing(accounts: Accounts) -> None:
    ready(accounts, "basic")
    broken = Expectation("rows_where", "fail", "no such function", condition="no_such_function(plan) > 1")
    refused(accounts, with_expectation(accounts, broken), AuditError)


def test_s40_no_rows_where_rows_were_due_publishes_nothing(accounts: Accounts) -> None:
    ready(accounts, "basic")
    due = Expectation("row_count", "fail", "an hour always has accounts", min=2)
    refused(accounts, with_expectation(accounts, due), AuditFailed)


def test_s40_an_append_without_rows_though_the_input_has_some_publishes_nothing(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.accounts import transforms

    ready(accounts, "basic")
    accounts.run(FACTS)
    accounts.delete(SIGNUPS, "true")
    accounts.run(FACTS)
    assert accounts.rows(FACTS) == [], "an overwrite may leave none"
    head, watermark = accounts.head(FACTS), accounts.watermark(FACTS)
    accounts.append(SIGNUPS, [Event("s1", "a1", 0.6)])
    facts = transforms.facts
    monkeypatch.setattr(transforms, "facts", lambda inputs, params: facts(inputs, params).where("false"))

    with pytest.raises(AuditFailed, match="rows are there"):
        accounts.run(FACTS)

    assert (accounts.head(FACTS), accounts.watermark(FACTS)) == (head, watermark)


def test_s40_an_audit_that_takes_too_long_publishes_nothing(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidemark.steps import audit as step

    ready(accounts, "basic")
    monkeypatch.setattr(step, "audit_staged", partial(audit_staged, limit=timedelta(0)))
    refused(accounts, accounts.context, AuditError)


def test_s40_a_missing_branch_publishes_nothing(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(accounts, "basic")
    head = accounts.head(STATES)

    def write_and_lose(context: Context, planned: Planned, attempt: str, *more: Any) -> Staged:
        staged = write(context, planned, attempt)
        context.lake.remove_branch(STATES, staged.branch)
        snapshots = f"snapshot_ids => array({staged.snapshot_id}L)"
        accounts.spark.sql(f"CALL lake.system.expire_snapshots(table => '{STATES}', {snapshots})")
        return staged

    monkeypatch.setattr("tidemark.steps.write.write", write_and_lose)
    with pytest.raises(TidemarkError, match=STATES):
        accounts.run(STATES)

    assert (accounts.head(STATES), accounts.watermark(STATES)) == (head, None)


def test_s40_a_transform_with_wrong_columns_publishes_nothing(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.accounts import transforms

    ready(accounts, "basic")
    head = accounts.head(STATES)
    monkeypatch.setattr(transforms, "states", lambda inputs, params: inputs["signups"])

    with pytest.raises(OutputRefused, match="did not return"):
        accounts.run(STATES)

    assert (accounts.head(STATES), accounts.watermark(STATES)) == (head, None)


def test_a_value_that_its_column_cannot_hold_is_refused_by_the_write(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql import functions as F

    from tests.accounts import transforms

    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5), Event("s1", "a1", 0.6)], complete=1)
    head = accounts.head(TOTALS)
    totals = transforms.totals
    monkeypatch.setattr(
        transforms,
        "totals",
        lambda inputs, params: totals(inputs, params).withColumn("signups", F.col("signups") + F.lit(0.5)),
    )

    with pytest.raises(
        OutputRefused, match=r"column signups is bigint and cannot hold 2\.5, a double that the transform"
    ):
        accounts.run(TOTALS)

    assert (accounts.head(TOTALS), accounts.watermark(TOTALS)) == (head, None)
    staged = [ref.snapshot_id for name, ref in accounts.table(TOTALS).refs().items() if name.startswith("session_")]
    assert set(staged) == {head}, "the branch is there and holds no commit"

    monkeypatch.setattr(transforms, "totals", totals)
    accounts.run(TOTALS)
    assert [row["signups"] for row in accounts.rows(TOTALS)] == [2]


def test_s21_a_first_read_whose_rows_all_lie_under_delete_files_gives_none(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5), Event("s1", "a1", 0.6)], complete=1)
    accounts.spark.sql(f"ALTER TABLE lake.{SIGNUPS} SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')")
    accounts.delete(SIGNUPS, "event_id = 's0'")
    accounts.delete(SIGNUPS, "event_id = 's1'")
    head = accounts.table(SIGNUPS).current_snapshot()
    assert head is not None and head.summary is not None and head.summary["total-delete-files"] != "0"

    accounts.run(FACTS)

    assert accounts.rows(FACTS) == []
    assert accounts.watermark(FACTS) is not None


def recorded(accounts: Accounts) -> list[tuple[Any, ...]]:
    """Return the rows of `ops.audit_results` about the states, as tuples."""
    rows = ops.rows(accounts.context.lake, "ops.audit_results", ops.of_dataset(STATES))
    return sorted((row["session"], row["snapshot_id"], row["check"], row["passed"]) for row in rows)


def test_an_audit_that_is_run_again_is_recorded_once(accounts: Accounts) -> None:
    ready(accounts, "")
    planned = session.init(accounts.context, STATES, say=accounts.said.append).plan
    for _ in range(2):
        with pytest.raises(AuditFailed):
            session.write_audit_publish(accounts.context, STATES, planned.session, say=accounts.said.append)

    once = recorded(accounts)
    assert len(once) == len(set(once)) > 5
    assert {(row[0], len({other[1] for other in once})) for row in once} == {(planned.session, 1)}


def test_two_runs_that_audit_one_snapshot_at_the_same_time_record_it_once(accounts: Accounts) -> None:
    ready(accounts, "basic")
    plan = session.init(accounts.context, STATES, say=accounts.said.append).plan
    staged = write(accounts.context, Planned(plan), "one")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: audit(accounts.context, staged), range(2)))

    once = recorded(accounts)
    assert len(once) == len(set(once)) > 5


def test_another_verdict_on_the_same_snapshot_is_recorded_too(accounts: Accounts) -> None:
    """Audit a snapshot again with one more check, as a later release may do."""
    ready(accounts, "basic")
    plan = session.init(accounts.context, STATES, say=accounts.said.append).plan
    staged = write(accounts.context, Planned(plan), "one")
    audit(accounts.context, staged)
    before = recorded(accounts)
    demanding = with_expectation(accounts, Expectation("row_count", "fail", "there are always ten", min=10))
    with pytest.raises(AuditFailed):
        audit(demanding, staged)

    added = set(recorded(accounts)) - set(before)
    assert [passed for *_, passed in added] == [False]
    assert len(recorded(accounts)) == len(before) + 1


def test_after_a_mended_spec_the_middle_step_alone_starts_again_from_init(accounts: Accounts) -> None:
    """Check what docs/runbooks/audit-failed.md says: only corrected files and inputs need init to be run again."""
    ready(accounts, "basic")
    demanding = with_expectation(accounts, Expectation("row_count", "fail", "there are always ten", min=10))
    planned = session.init(demanding, STATES, say=accounts.said.append).plan
    with pytest.raises(AuditFailed):
        session.write_audit_publish(demanding, STATES, planned.session, say=accounts.said.append)

    published = session.write_audit_publish(accounts.context, STATES, planned.session, say=accounts.said.append)

    assert published.plan.session != planned.session
    assert accounts.head(STATES) == published.snapshot_id


def test_a_page_that_cannot_be_written_stops_no_session(accounts: Accounts) -> None:
    ready(accounts, "basic")
    accounts.settings.reports.mkdir(parents=True)
    (accounts.settings.reports / "data-docs").write_text("in the way")

    accounts.run(STATES)

    assert [row["plan"] for row in accounts.rows(STATES)] == ["basic"]
    assert any(line.startswith(f"{WARNING}no page of this session was written: ") for line in accounts.said)


def test_the_page_that_a_failure_names_is_there(accounts: Accounts) -> None:
    ready(accounts, "")
    with pytest.raises(AuditFailed) as failed:
        accounts.run(STATES)
    (page,) = re.findall(r"report: (\S+)", str(failed.value))
    assert Path(page).exists()


def test_s42_a_warning_is_published_and_shown(accounts: Accounts) -> None:
    ready(accounts, "odd")

    accounts.run(STATES)

    assert [row["plan"] for row in accounts.rows(STATES)] == ["odd"]
    warned = [row for row in ops.rows(accounts.context.lake, "ops.audit_results") if not row["passed"]]
    assert [row["severity"] for row in warned] == ["warn"]
    (flagged,) = [line for line in accounts.said if line.startswith(WARNING)]
    assert warned[0]["check"] in flagged and ".html" in flagged


def test_the_audit_library_is_imported_only_after_the_transform_has_run(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transform imports modules, too, and two threads that import the same ones can block each other for good."""
    order: list[str] = []
    load = write_step.load_function

    def loaded(spec: DatasetSpec) -> Any:
        order.append("transform")
        return load(spec)

    monkeypatch.setattr(write_step, "load_function", loaded)
    accounts.append(SIGNUPS, [Event("s", "a", 0.5)], complete=7)
    planned: Planned = session.init(accounts.context, FACTS, say=accounts.said.append)

    write_step.write(accounts.context, planned, "one", lambda: order.append("meanwhile"))

    assert order == ["transform", "meanwhile"]
