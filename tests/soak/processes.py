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
"""Seconds within which a runner or reader must end after it was asked to stop."""

STEP_PATIENCE = 6.0
"""Seconds that a kill waits for its step. After that, it kills at any step."""


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.warm"])
    return context


@dataclass
class Runner:
    """A runner process and its journal."""

    journal: Journal
    stop_file: Path
    process: ForkServerProcess
    began: float = field(default_factory=time.monotonic)
    killed_at: str | None = None

    @staticmethod
    def start(settings: Settings, tasks: tuple[Task, ...], name: str) -> Runner:
        """Start a runner that works through the tasks."""
        journal, stop = settings.home / f"{name}.journal", settings.home / f"{name}.stop"
        process = _context().Process(target=work, args=(settings, tasks, journal, stop), daemon=True)
        process.start()
        return Runner(Journal(journal), stop, process)

    def kill(self, kill: Kill) -> None:
        """Wait for the kill's moment, then send SIGKILL. `killed_at` is the step at which the runner died."""
        time.sleep(max(0.0, self.began + kill.after - time.monotonic()))
        until = time.monotonic() + STEP_PATIENCE
        while kill.step and self.journal.step != kill.step and time.monotonic() < until:
            time.sleep(0.002)
        assert self.process.pid is not None, "the process was started"
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(PATIENCE)
        self.killed_at = self.journal.step

    def stop(self) -> None:
        """Ask the runner to end after its session, and wait. Raises TimeoutError if it does not end."""
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
        """Start a reader."""
        output, stop = settings.home / "reader.json", settings.home / "reader.stop"
        process = _context().Process(target=look_on, args=(settings, output, stop), daemon=True)
        process.start()
        return Reader(output, stop, process)

    def stop(self) -> Seen:
        """End the reader, and return what it saw."""
        _stop(self.process, self.stop_file)
        return Seen.read(self.output)


def _stop(process: ForkServerProcess, stop_file: Path) -> None:
    stop_file.touch()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"{stop_file.stem} did not end within {PATIENCE:.0f} s")


def kill_all(runners: list[Runner], kills: tuple[Kill, ...]) -> list[threading.Thread]:
    """Start a thread for each kill, which waits for its moment while upstream continues."""
    threads = [threading.Thread(target=runners[kill.runner].kill, args=(kill,)) for kill in kills]
    for thread in threads:
        thread.start()
    return threads
