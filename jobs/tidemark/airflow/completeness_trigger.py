"""The trigger of `complete_through`: it reads a table's completeness now and then, until it suffices or time is up.

The triggerer runs all triggers in one event loop. The lake is therefore read in a thread. A read that hangs, because
the catalog or a network drive does not answer, delays no other trigger, and no second read is started beside it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from tidemark.operate.completeness import Completeness

_LOGGER = logging.getLogger(__name__)

POLL_SECONDS = 20.0
"""Seconds between two reads. A read takes some ten milliseconds."""
LAST_READ_SECONDS = 10.0
"""How long a read may go on at the deadline. A triggerer that was away until then still looks once."""


class CompletenessTrigger(BaseTrigger):
    """Waits until a table is complete (or final) through an instant, or until the deadline.

    All arguments are plain values; `through` and `deadline` are instants as text. The event is a dict: `reached` says
    whether the table got that far, `found` says in words how far it is, and `wanted` repeats `through`.
    """

    def __init__(self, dataset: str, through: str, final: bool, deadline: str, poll_seconds: float = POLL_SECONDS):
        super().__init__()
        self.dataset, self.through, self.final, self.deadline = dataset, through, final, deadline
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments from which a triggerer builds the trigger again."""
        names = ("dataset", "through", "final", "deadline", "poll_seconds")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event: when the table gets there, or at the deadline."""
        wanted, until = datetime.fromisoformat(self.through), datetime.fromisoformat(self.deadline)
        reading: asyncio.Task[Completeness] | None = None
        found = f"{self.dataset} has not answered yet"
        while True:
            reading = reading or asyncio.create_task(asyncio.to_thread(_read, self.dataset, self.final))
            done, _ = await asyncio.wait({reading}, timeout=max(self._seconds_to(until), LAST_READ_SECONDS))
            if done:
                now, reading = reading.result(), None
                if now.reaches(wanted):
                    yield self._event(True, now.describe())
                    return
                found = self._note(found, now.describe())
            if self._seconds_to(until) <= 0:
                yield self._event(False, found)
                return
            await asyncio.sleep(min(self.poll_seconds, self._seconds_to(until)))

    def _event(self, reached: bool, found: str) -> TriggerEvent:
        return TriggerEvent({"reached": reached, "found": found, "wanted": self.through})

    def _note(self, before: str, now: str) -> str:
        """Log how far the table is if that has changed, and return it."""
        if now != before:
            _LOGGER.info("%s; waiting for %s until %s", now, self.through, self.deadline)
        return now

    @staticmethod
    def _seconds_to(until: datetime) -> float:
        return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _read(dataset: str, final: bool) -> Completeness:
    """Read in a thread how far a table is complete. Settings that cannot be read now may be mended while it waits."""
    from tidemark.errors import TidemarkError
    from tidemark.operate.completeness import Completeness, read_completeness
    from tidemark.settings import load_settings

    try:
        return read_completeness(load_settings(), dataset, final)
    except TidemarkError as error:
        return Completeness(dataset, final, problem=str(error))
