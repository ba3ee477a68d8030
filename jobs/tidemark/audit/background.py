"""Work that goes on beside other work, and a limit to waiting for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from tidemark.errors import AuditError

T = TypeVar("T")


class Deadline:
    """An instant after which an audit counts as not made."""

    def __init__(self, limit: timedelta) -> None:
        self.limit = limit
        self._end = time.monotonic() + limit.total_seconds()

    def left(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, self._end - time.monotonic())


class Task(Generic[T]):
    """A function running in a daemon thread, which therefore keeps no process alive."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._value: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value.append(self._work())
        except BaseException as error:
            self._error = error

    def result(self, deadline: Deadline) -> T:
        """What the function gave; raises what it raised, and AuditError when it has not ended in time."""
        self._thread.join(deadline.left())
        if self._thread.is_alive():
            raise AuditError(f"the audit did not end within {deadline.limit}")
        if self._error is not None:
            raise self._error
        return self._value[0]
