"""Storage and catalog that refuse to work for a while: full, read-only, locked by another process. Nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS, Accounts, Event
from tests.loop.damage import filled, held, read_only, small_disk
from tidemark import session
from tidemark.catalog import lake
from tidemark.engine import session as engine_session
from tidemark.errors import EngineError, StorageError
from tidemark.settings import Settings

pytestmark = [pytest.mark.loop, pytest.mark.spark, pytest.mark.both_catalogs]

LOCKED = r"catalog does not answer: (database is locked|canceling statement due to lock timeout).*run the session again"
SIGNUPS, FACTS = "accounts.signups_feed", "accounts.signups"


def arrive(accounts: Accounts, *at: float) -> None:
    accounts.append(SIGNUPS, [Event(f"s{x}", f"account-{x}", x) for x in at], complete=5)


def events_of(accounts: Accounts) -> set[str]:
    return {row["event_id"] for row in accounts.rows(FACTS)}


@pytest.fixture
def on_a_small_disk(home: Path, spark_remote: str) -> Iterator[Accounts]:
    """The accounts domain with a warehouse of a few megabytes, the catalog beside it."""
    settings = Settings(home=home, schemas=SCHEMAS, spark_remote=spark_remote)
    with small_disk(settings.warehouse, "6m"):
        yield Accounts(settings)


def test_s29_on_a_full_disk_a_session_is_not_planned(on_a_small_disk: Accounts) -> None:
    accounts = on_a_small_disk
    arrive(accounts, 0.1)
    head = accounts.head(FACTS)

    with filled(accounts.settings.warehouse), pytest.raises(StorageError, match=r"(?i)no space left"):
        accounts.run(FACTS)

    assert (accounts.head(FACTS), accounts.watermark(FACTS)) == (head, None)
    accounts.run(FACTS)
    assert events_of(accounts) == {"s0.1"}


def test_s29_a_disk_that_fills_up_during_the_write_publishes_nothing(on_a_small_disk: Accounts) -> None:
    accounts = on_a_small_disk
    arrive(accounts, *(n / 10_000 for n in range(30_000)))
    planned = session.init(accounts.context, FACTS, say=accounts.said.append)
    head = accounts.head(FACTS)

    with filled(accounts.settings.warehouse, but=65_536), pytest.raises(EngineError, match=r"Spark.*No space left"):
        session.write_audit_publish(accounts.context, FACTS, planned.plan.session, say=accounts.said.append)

    assert (accounts.head(FACTS), accounts.watermark(FACTS)) == (head, None)
    published = session.write_audit_publish(accounts.context, FACTS, planned.plan.session, say=accounts.said.append)
    assert published.plan.session == planned.plan.session
    session.commit(accounts.context, FACTS, planned.plan.session, say=accounts.said.append)
    assert len(events_of(accounts)) == 30_000


def test_s29_a_read_only_disk_stops_every_step_and_then_none(on_a_small_disk: Accounts) -> None:
    accounts = on_a_small_disk
    arrive(accounts, 0.1)
    head, context = accounts.head(FACTS), accounts.context

    with read_only(accounts.settings.warehouse), pytest.raises(StorageError, match=r"(?i)read-only"):
        accounts.run(FACTS)
    planned = session.init(context, FACTS, say=accounts.said.append)
    with read_only(accounts.settings.warehouse), pytest.raises(EngineError, match=r"(?i)read-only"):
        session.write_audit_publish(context, FACTS, planned.plan.session, say=accounts.said.append)
    assert (accounts.head(FACTS), accounts.watermark(FACTS)) == (head, None)
    published = session.write_audit_publish(context, FACTS, planned.plan.session, say=accounts.said.append)
    with read_only(accounts.settings.warehouse), pytest.raises(StorageError, match=r"(?i)read-only"):
        session.commit(context, FACTS, published.plan.session, say=accounts.said.append)

    accounts.run(FACTS)
    assert events_of(accounts) == {"s0.1"}
    assert list(accounts.table(FACTS).refs()) == ["main"], "the session that died before its commit is closed"


def test_s29_a_catalog_that_is_held_for_a_while_is_waited_for(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    with held(accounts.settings) as release:
        released = threading.Event()

        def go_on() -> None:
            released.set()
            release()

        timer = threading.Timer(2.0, go_on)
        timer.start()
        accounts.run(FACTS)
        assert released.is_set(), "the session wrote to a catalog that another process held"
        timer.join()

    assert events_of(accounts) == {"s0.1"}


@contextmanager
def impatient(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lock the catalog for longer than a session waits."""
    for module in (lake, engine_session):
        monkeypatch.setattr(module, "PATIENCE", timedelta(seconds=1))
        monkeypatch.setattr(module, "POSTGRES_DEFAULTS", {"options": "-c lock_timeout=1000"})
    accounts.context = session.open_context(accounts.settings, accounts.context.clock)
    with held(accounts.settings):
        yield


def test_s29_a_catalog_that_stays_held_ends_each_step_in_a_sentence(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(accounts, 0.1)
    planned = session.init(accounts.context, FACTS, say=accounts.said.append)
    head = accounts.head(FACTS)
    arrive(accounts, 0.2)

    with impatient(accounts, monkeypatch):
        with pytest.raises(EngineError, match=LOCKED):
            session.write_audit_publish(accounts.context, FACTS, planned.plan.session, say=accounts.said.append)
        with pytest.raises(EngineError, match=LOCKED):
            session.init(accounts.context, FACTS, say=accounts.said.append)

    assert (accounts.head(FACTS), accounts.watermark(FACTS)) == (head, None)
    accounts.run(FACTS)
    assert events_of(accounts) == {"s0.1", "s0.2"}
