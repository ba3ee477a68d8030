"""An erasure that is killed at any point, or meets another session, and is run again, ends as one clean run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from tests.accounts.names import PLANS, SIGNUPS
from tests.accounts.world import Accounts, hour
from tests.loop.erasing import FACTS, REASON, events, forget, hand_in, land, land_plans, proof
from tests.loop.housekeeping import expire, fold
from tidemark import session
from tidemark.catalog import ops
from tidemark.catalog.properties import CATALOG
from tidemark.catalog.removal import remove_rows
from tidemark.errors import ForeignCommit, MainMoved
from tidemark.operate import manual
from tidemark.operate.erasure import erase as erasing
from tidemark.operate.erasure import removal

pytestmark = [pytest.mark.loop, pytest.mark.spark]


class Killed(BaseException):
    """Stands for the end of the process: nothing handles it."""


AFTER_THE_DELETE = "after the delete"
KILLS = {
    "before the delete": (removal, "remove_rows", 0),
    "before the adoption is published": (manual, "touch", 0),
    "between publish and commit of the adoption": (manual, "commit", 0),
    "between two tables": (erasing, "remove", 2),
    "before the texts are cleared": (erasing, "clear_texts", 0),
    "before the report": (erasing, "what_is_left", 0),
}


def kill_at_call(patch: pytest.MonkeyPatch, module: ModuleType, name: str, number: int) -> None:
    """Let a function end the process at its call with this number, counted from 0."""
    real: Callable[..., Any] = getattr(module, name)
    calls = 0

    def dying(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > number:
            raise Killed
        return real(*args, **options)

    patch.setattr(module, name, dying)


def adoptions(accounts: Accounts) -> list[tuple[str, str]]:
    rows = ops.rows(accounts.context.lake, "ops.high_watermarks")
    return sorted((row["dataset"], row["reason"]) for row in rows if row["reason"])


def kill_after_delete(patch: pytest.MonkeyPatch) -> None:
    """Let the process end when the first rows are removed from main."""

    def dying(*args: Any) -> None:
        remove_rows(*args)
        raise Killed

    patch.setattr(removal, "remove_rows", dying)


def kill_at(patch: pytest.MonkeyPatch, point: str) -> None:
    if point == AFTER_THE_DELETE:
        kill_after_delete(patch)
    else:
        kill_at_call(patch, *KILLS[point])


@pytest.mark.parametrize("point", [AFTER_THE_DELETE, *KILLS])
def test_s30_a_killed_erasure_is_finished_by_the_next(
    accounts: Accounts, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(accounts)
    land_plans(accounts)
    ops.append(accounts.context.lake, "ops.audit_results", [{"session": "x", "examples": "account_id ada-1"}])
    with monkeypatch.context() as patch:
        kill_at(patch, point)
        with pytest.raises(Killed):
            forget(accounts)

    found = forget(accounts)

    assert {held.dataset for held in found.left.held} == {PLANS, SIGNUPS}, "what is left is said in any case"

    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5"]
    assert events(accounts, PLANS) == ["p2"]
    assert adoptions(accounts) == [(PLANS, REASON), (SIGNUPS, REASON)]
    assert proof(accounts).proven
    for source in (SIGNUPS, PLANS):
        assert accounts.plan(source).effect is not None, "the table's own sessions go on"


def test_s34_a_landing_that_was_staged_before_an_erasure_lands_after_it(accounts: Accounts) -> None:
    land(accounts)
    hand_in(accounts, "later.json", [("s6", "bob", 2.5)])
    context = replace(accounts.context, clock=hour(5))
    planned = session.init(context, SIGNUPS, say=accounts.said.append)

    forget(accounts)
    published = session.write_audit_publish(context, SIGNUPS, planned.plan.session, say=accounts.said.append)
    session.commit(context, SIGNUPS, published.plan.session, accounts.said.append)

    assert any("starts again from init" in said for said in accounts.said)
    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5", "s6"]


def test_s34_a_landing_that_is_published_during_an_erasure_is_kept(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(accounts)
    real = remove_rows
    landed: list[Any] = []

    def late(*args: Any) -> None:
        if not landed:
            hand_in(accounts, "later.json", [("s6", "bob", 2.5), ("s7", "ada-1", 2.6)])
            landed.append(accounts.run(SIGNUPS, clock=hour(5)))
        real(*args)

    monkeypatch.setattr(removal, "remove_rows", late)
    found = forget(accounts)

    assert landed
    assert [each.rows for each in found.tables] == [3], "the row that landed meanwhile is erased and counted"
    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5", "s6"]
    assert accounts.watermark(SIGNUPS) == replace(
        landed[0].watermark, session=_session(accounts), snapshot=_head(accounts)
    )


def test_s34_a_landing_between_delete_and_adoption_is_refused_and_goes_on_afterwards(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(accounts)
    hand_in(accounts, "later.json", [("s6", "bob", 2.5)])
    with monkeypatch.context() as patch:
        kill_after_delete(patch)
        with pytest.raises(Killed):
            forget(accounts)

    with pytest.raises(ForeignCommit, match=f"tidemark erase removed rows .*tidemark adopt {SIGNUPS}"):
        accounts.run(SIGNUPS, clock=hour(5))
    found = forget(accounts)
    accounts.run(SIGNUPS, clock=hour(5))

    assert found.finished == (SIGNUPS,)
    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5", "s6"]


def test_s35_maintenance_during_an_erasure_makes_it_try_again(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(accounts)
    real = remove_rows
    folded: list[int] = []

    def late(*args: Any) -> None:
        if not folded:
            fold(accounts, SIGNUPS)
            folded.append(accounts.head(SIGNUPS))
        real(*args)

    monkeypatch.setattr(removal, "remove_rows", late)
    forget(accounts)

    assert folded
    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5"]


def test_an_erasure_that_meets_a_commit_at_each_try_is_refused_and_loses_nothing(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(accounts)
    real = remove_rows

    def always_late(*args: Any) -> None:
        with accounts.table(SIGNUPS).transaction() as change:
            change.set_properties({"somebody": "was here"})
        accounts.context.lake.table(SIGNUPS).append(accounts.table(SIGNUPS).schema().as_arrow().empty_table(),
                                                    snapshot_properties={"tidemark.content": "kept"})  # fmt: skip
        real(*args)

    monkeypatch.setattr(removal, "remove_rows", always_late)
    monkeypatch.setattr(removal, "TRIES", 2)
    with pytest.raises(MainMoved, match="run the same command again"):
        forget(accounts)

    assert events(accounts, SIGNUPS) == ["s1", "s2", "s3", "s4", "s5"]
    monkeypatch.setattr(removal, "remove_rows", real)
    forget(accounts)
    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5"]


def test_nothing_is_erased_if_somebody_else_changed_one_of_the_tables(accounts: Accounts) -> None:
    land(accounts)
    land_plans(accounts)
    accounts.spark.sql(f"DELETE FROM {CATALOG}.{SIGNUPS} WHERE event_id = 's5'")

    with pytest.raises(ForeignCommit, match=SIGNUPS):
        forget(accounts)

    assert events(accounts, PLANS) == ["p1", "p2"]


def test_an_erasure_whose_history_was_expired_before_it_was_finished_is_adopted(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(accounts)
    accounts.run(FACTS, clock=hour(4))
    with monkeypatch.context() as patch:
        kill_after_delete(patch)
        with pytest.raises(Killed):
            forget(accounts)
    expire(accounts, SIGNUPS)

    forget(accounts)

    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5"]
    assert adoptions(accounts) == [(SIGNUPS, REASON)]


def _session(accounts: Accounts) -> str:
    mark = accounts.watermark(SIGNUPS)
    assert mark is not None
    return mark.session


def _head(accounts: Accounts) -> int:
    return accounts.head(SIGNUPS)
