"""Let one process at a time do something, by a lock on a file. The lock ends with the process that holds it."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LOOK_EVERY = 0.05
"""Seconds between two tries."""


@contextlib.contextmanager
def holding(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock on a file, which is created with its folder if it is missing.

    Raises TimeoutError if another process or thread holds it for more than `patience` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        deadline = time.monotonic() + patience
        while not _try_lock(handle):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"another process has held {path} for {patience:g} s")
            time.sleep(LOOK_EVERY)
        yield


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
