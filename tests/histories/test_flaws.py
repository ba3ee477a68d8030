"""The comparison with the model detects flaws: for each flaw in the loop, a history of a few events fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.accounts.world import SCHEMAS, Accounts
from tests.histories.engines import plain_sessions
from tests.histories.history import History
from tests.histories.tables import AROUND, FACTS, FEEDS, SIGNUPS, STATES, Setup
from tidemark.lineage import changes
from tidemark.modes import stateful, stateless
from tidemark.planning import windows
from tidemark.settings import Settings
from tidemark.state.cause import NEWS
from tidemark.state.plan import Plan
from tidemark.state.ranges import widen
from tidemark.steps import init

pytestmark = pytest.mark.loop

ZERO = timedelta(0)
counted = Plan.watermark
kind = changes._kind


@pytest.fixture
def history(home: Path) -> Iterator[History]:
    """Five hours with a few sign-ups, from which the tables are built."""
    with plain_sessions():
        found = History(Accounts(Settings(home=home, schemas=SCHEMAS)), Setup(SIGNUPS, engine="plain"))
        found.feeds.append(SIGNUPS, "a", "basic", [0.5, 2.5])
        advance(found, 4)
        for dataset in (FACTS, STATES, AROUND):
            found.run(dataset)
        yield found


def advance(history: History, by: int) -> None:
    for feed in FEEDS:
        history.feeds.advance(feed, by)


def late_row(history: History) -> None:
    history.feeds.append(SIGNUPS, "b", "gold", [3.5])
    history.run(AROUND)


def an_hour_that_became_complete(history: History) -> None:
    advance(history, 2)
    history.run(STATES)


def rows_that_went_away(history: History) -> None:
    history.feeds.delete(SIGNUPS, 2)
    history.run(AROUND)
    history.run(FACTS)


def backfill_before_news(history: History) -> None:
    history.feeds.append(SIGNUPS, "b", "gold", [0.5])
    history.backfill(STATES, 3, 1, "one")
    history.finish()


def mended_logic(history: History) -> None:
    history.change_logic(FACTS)
    history.run(FACTS)


def foreign_hands(history: History) -> None:
    history.vandalise(FACTS)


def death_between_publish_and_commit(history: History) -> None:
    history.feeds.append(SIGNUPS, "b", "gold", [3.5])
    history.run(FACTS, "after publish")
    history.finish()


def no_width(window: Any, changed: Any) -> Any:
    return widen(changed, min(window.after, ZERO), window.before)


def positions_of_a_backfill(plan: Plan, snapshot: int) -> Any:
    return counted(replace(plan, cause=NEWS), snapshot)


def deletions_pass_by(table: Any, snapshot: Any) -> str:
    found = kind(table, snapshot)
    return "keep" if found == "rewrite" else found


FLAWS: list[tuple[Callable[[History], None], Callable[[], AbstractContextManager[Any]]]] = [
    (late_row, lambda: patch.object(windows, "touches", no_width)),
    (an_hour_that_became_complete, lambda: patch.object(stateful, "_newly_complete", lambda *_: ())),
    (rows_that_went_away, lambda: patch.object(changes, "_kind", deletions_pass_by)),
    (backfill_before_news, lambda: patch.object(Plan, "watermark", positions_of_a_backfill)),
    (mended_logic, lambda: patch.object(stateless, "rebuilds_all", lambda _: False)),
    (foreign_hands, lambda: patch.object(init, "check_target_integrity", lambda *_: None)),
    (death_between_publish_and_commit, lambda: patch.object(init, "close_published", lambda *_: None)),
]


@pytest.mark.parametrize(("happens", "flaw"), FLAWS, ids=[happens.__name__ for happens, _ in FLAWS])
def test_a_flaw_shows(history: History, happens: Callable[[History], None], flaw: Any) -> None:
    with flaw(), pytest.raises(AssertionError):
        happens(history)


@pytest.mark.parametrize("happens", [happens for happens, _ in FLAWS], ids=lambda value: value.__name__)
def test_without_the_flaw_all_is_well(history: History, happens: Callable[[History], None]) -> None:
    happens(history)
    history.finish()
