"""Run functions in background threads, and limit how long to wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from tidemark.errors import AuditError

T = TypeVar("T")


class Deadline:
    """The instant by which an audit must end. After it, the audit counts as not completed."""

    def __init__(self, limit: timedelta) -> None:
        self.limit = limit
        self._end = time.monotonic() + limit.total_seconds()

    def remaining(self) -> float:
        """Return the remaining seconds, at least zero."""
        return max(0.0, self._end - time.monotonic())


class Task(Generic[T]):
    """A function that runs in a daemon thread, so that it does not keep the process alive."""

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
        """Wait for the function and return its result.

        Raises what the function raised, and AuditError if it does not end by the deadline.
        """
        self._thread.join(deadline.remaining())
        if self._thread.is_alive():
            raise AuditError(f"the audit did not end within {deadline.limit}, and nothing was published")
        if self._error is not None:
            raise self._error
        return self._value[0]
