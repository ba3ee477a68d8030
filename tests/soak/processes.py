"""Runners and reader as processes, forked from a helper that has imported everything: a start costs no imports.

The helper is a process of its own without threads or connections, so what it forks shares nothing but code.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from tests.soak.reader import Seen, look_on
from tests.soak.runner import Journal, work
from tests.soak.schedule import Kill, Task
from tidemark.settings import Settings

PATIENCE = 120.0
"""Seconds in which a runner or reader that was asked to stop has to end."""

STEP_PATIENCE = 6.0
"""Seconds that a kill waits for its step; then it hits whatever is going on."""


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.warm"])
    return context


@dataclass
class Runner:
    """One runner process and what it leaves behind."""

    journal: Journal
    stop_file: Path
    process: ForkServerProcess
    began: float = field(default_factory=time.monotonic)
    killed_at: str | None = None

    @staticmethod
    def start(settings: Settings, tasks: tuple[Task, ...], name: str) -> Runner:
        """Begin to work through the tasks."""
        journal, stop = settings.home / f"{name}.journal", settings.home / f"{name}.stop"
        process = _context().Process(target=work, args=(settings, tasks, journal, stop), daemon=True)
        process.start()
        return Runner(Journal(journal), stop, process)

    def kill(self, kill: Kill) -> None:
        """Wait for the moment, then SIGKILL; `killed_at` says at which step."""
        time.sleep(max(0.0, self.began + kill.after - time.monotonic()))
        until = time.monotonic() + STEP_PATIENCE
        while kill.step and self.journal.step != kill.step and time.monotonic() < until:
            time.sleep(0.002)
        assert self.process.pid is not None, "the process was started"
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(PATIENCE)
        self.killed_at = self.journal.step

    def stop(self) -> None:
        """Ask it to end after its session, and wait. Raises TimeoutError where it does not."""
        if self.killed_at is None:
            _stop(self.process, self.stop_file)


@dataclass
class Reader:
    """The reader process of one lake."""

    output: Path
    stop_file: Path
    process: ForkServerProcess

    @staticmethod
    def start(settings: Settings) -> Reader:
        """Begin to look on."""
        output, stop = settings.home / "reader.json", settings.home / "reader.stop"
        process = _context().Process(target=look_on, args=(settings, output, stop), daemon=True)
        process.start()
        return Reader(output, stop, process)

    def stop(self) -> Seen:
        """End it, and take what it saw."""
        _stop(self.process, self.stop_file)
        return Seen.read(self.output)


def _stop(process: ForkServerProcess, stop_file: Path) -> None:
    stop_file.touch()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"{stop_file.stem} did not end within {PATIENCE:.0f} s")


def kill_all(runners: list[Runner], kills: tuple[Kill, ...]) -> list[threading.Thread]:
    """Each kill waits for its own moment, while upstream goes on."""
    threads = [threading.Thread(target=runners[kill.runner].kill, args=(kill,)) for kill in kills]
    for thread in threads:
        thread.start()
    return threads
