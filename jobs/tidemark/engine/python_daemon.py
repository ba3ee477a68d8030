"""The daemon that forks Spark's Python workers, with an end: Spark's own lives as long as the server.

A Connect server starts one for each session that runs Python and never stops it (SPARK-54055): 60 MB each,
some hundred a day. This one ends itself once it had no worker for a while. Where a session comes back to Python
after that, Spark finds the daemon gone and starts another.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

LOOK_EVERY = 300.0
"""Seconds. Spark ends idle workers after one minute, so who has none at two looks was not asked for that long."""


def serve(look_every: float = LOOK_EVERY) -> None:
    """Fork workers as Spark's daemon does, until two looks in a row, `look_every` seconds apart, find none."""
    from pyspark.daemon import manager

    was_idle = False

    def look(signum: int, frame: FrameType | None) -> None:
        nonlocal was_idle
        is_idle = not _has_workers()
        if was_idle and is_idle:
            os.kill(os.getpid(), signal.SIGTERM)
        was_idle = is_idle

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, look_every, look_every)  # workers do not inherit it: a fork clears timers
    manager()


def _has_workers() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    serve()
