"""The trigger on a real lake: it ends when the table gets there, or at the deadline, whatever the lake does."""

from __future__ import annotations

import asyncio
import importlib
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.waits.tables import SHOWN, Tables, hour
from tidemark.state.ranges import format_instant

if TYPE_CHECKING:
    from tidemark.airflow.completeness_trigger import CompletenessTrigger

pytestmark = pytest.mark.dags

LONG, OVER = timedelta(hours=1), timedelta(0)
WANTED = format_instant(hour(2))


def trigger(patience: timedelta, final: bool = False) -> CompletenessTrigger:
    """Return a trigger that waits for hour 2 and looks very often."""
    from tidemark.airflow.completeness_trigger import CompletenessTrigger

    deadline = (datetime.now(UTC) + patience).isoformat()
    return CompletenessTrigger(SHOWN, WANTED, final, deadline, poll_seconds=0.01)


async def events(waiting: CompletenessTrigger) -> list[Any]:
    """Run a trigger to its end."""
    return [event.payload async for event in waiting.run()]


async def events_after(waiting: CompletenessTrigger, change: Callable[[], object], caplog: Any) -> list[Any]:
    """Run a trigger, and make a change in the lake once it has said that it waits."""
    running = asyncio.create_task(events(waiting))
    async with asyncio.timeout(60):  # only a fault takes that long
        while not caplog.messages and not running.done():
            await asyncio.sleep(0.01)
    assert not running.done(), "it ended before the change"
    await asyncio.to_thread(change)
    return await running


@pytest.mark.usefixtures("tables")
def test_a_triggerer_builds_it_again_from_plain_values() -> None:
    path, arguments = trigger(LONG).serialize()
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)


def test_a_table_that_is_complete_ends_the_wait_at_once(tables: Tables) -> None:
    tables.publish(2)
    assert asyncio.run(events(trigger(LONG))) == [
        {"reached": True, "found": "search.interactions is complete through 2026-04-12T02:00Z", "wanted": WANTED}
    ]


def test_it_waits_until_a_session_has_published(tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tables.publish(1)
    (event,) = asyncio.run(events_after(trigger(LONG), lambda: tables.publish(3), caplog))
    assert event["reached"]
    assert "complete through 2026-04-12T01:00Z; waiting for 2026-04-12T02:00Z until" in caplog.messages[0]


def test_a_table_that_is_complete_but_not_final_is_waited_for(tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tables.publish(2, final=1)
    (event,) = asyncio.run(events_after(trigger(LONG, final=True), lambda: tables.publish(2), caplog))
    assert event["found"] == "search.interactions is final through 2026-04-12T02:00Z"


def test_at_the_deadline_it_says_how_far_the_table_is(tables: Tables) -> None:
    tables.publish(1)
    assert asyncio.run(events(trigger(OVER))) == [
        {"reached": False, "found": "search.interactions is complete through 2026-04-12T01:00Z", "wanted": WANTED}
    ]


def test_a_lake_that_cannot_be_read_is_waited_for(tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    catalog = tables.settings.lake / "catalog.db"
    catalog.parent.mkdir(parents=True)
    catalog.write_text("no database " * 100)

    def mend() -> None:
        catalog.unlink()
        tables.publish(2)

    (event,) = asyncio.run(events_after(trigger(LONG), mend, caplog))
    assert event["reached"]
    assert "it cannot be read" in caplog.messages[0]


def test_settings_that_are_broken_meanwhile_are_waited_for(tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tables.publish(2)
    own = tables.settings.home / "search.yaml"
    own.write_text("landing: 5\n")
    (event,) = asyncio.run(events_after(trigger(LONG), own.unlink, caplog))
    assert event["reached"]
    assert str(own) in caplog.messages[0]


def test_the_event_loop_goes_on_while_the_catalog_hangs(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server accepts connections and never answers. One read hangs there; the deadline comes all the same."""
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    monkeypatch.setattr("tidemark.airflow.completeness_trigger.LAST_READ_SECONDS", 0.1)
    monkeypatch.setenv("TIDEMARK_CATALOG_URI", f"postgresql://u:p@127.0.0.1:{port}/lake")

    async def run() -> tuple[list[Any], int]:
        found = await events(trigger(timedelta(seconds=1)))
        silent.setblocking(False)
        opened = []
        while True:
            try:
                opened.append(silent.accept()[0])
            except BlockingIOError:
                break
        silent.close()
        for connection in opened:
            connection.close()  # ends the read, whose thread would otherwise outlive the test
        return found, len(opened)

    (event,), connections = asyncio.run(run())
    assert event == {"reached": False, "found": "search.interactions has not answered yet", "wanted": WANTED}
    assert connections == 1
