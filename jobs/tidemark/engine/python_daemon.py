"""The daemon that forks Spark's Python workers and ends when it is idle.

A Connect server starts one daemon for each session that runs Python. Spark's own daemon never ends while the server
runs (SPARK-54055); each takes 60 MB, and about a hundred are started in a day. This daemon ends itself after a time
without workers. If its session runs Python again later, Spark starts another daemon.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

CHECK_EVERY = 300.0
"""Seconds between two checks for workers. Spark ends an idle worker after one minute, so a daemon that has none at two
checks in a row is idle."""


def serve(check_every: float = CHECK_EVERY) -> None:
    """Fork workers as Spark's daemon does. End if two checks in a row, `check_every` seconds apart, find none."""
    from pyspark.daemon import manager

    was_idle = False

    def end_if_idle(signum: int, frame: FrameType | None) -> None:
        nonlocal was_idle
        is_idle = not _has_workers()
        if was_idle and is_idle:
            os.kill(os.getpid(), signal.SIGTERM)
        was_idle = is_idle

    signal.signal(signal.SIGALRM, end_if_idle)
    signal.setitimer(signal.ITIMER_REAL, check_every, check_every)  # workers do not inherit it: a fork clears timers
    manager()


def _has_workers() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    serve()
