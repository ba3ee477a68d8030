"""The files in which a home records its Connect server: process and port, token, watchdog, and a lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidemark.engine.processes import Running, recall, remember
from tidemark.support.atomic_files import replace_file


@dataclass(frozen=True)
class ServerState:
    """The files of one server, in the `run` folder of its home."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file that names the process and its port. Its modification time is when a task last asked for it."""
        return self.folder / "spark-connect.json"

    @property
    def watchdog_path(self) -> Path:
        """The file that names the process of the watchdog."""
        return self.folder / "spark-connect-watchdog.json"

    @property
    def token_path(self) -> Path:
        """The file that holds the server's token. Only its owner can read it."""
        return self.folder / "spark-connect.token"

    def server(self) -> Running | None:
        """Return the server's process; None if it does not run."""
        return recall(self.path)

    def record(self, server: Running) -> None:
        """Record the server's process."""
        remember(self.path, server)

    def mark_asked(self) -> None:
        """Record that a task asks for the server now, so that the watchdog does not take it for idle."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.path)

    def last_asked(self) -> int | None:
        """Return when a task last asked, as a number that changes each time; None if no server is recorded."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return None

    def new_token(self) -> str:
        """Create the token of the next server, and write it to a file that only its owner can read."""
        token = secrets.token_urlsafe(32)
        replace_file(self.token_path, f"{token}\n", mode=0o600)
        return token

    def token(self) -> str | None:
        """Return the server's token; None if its file cannot be read or is empty."""
        try:
            return self.token_path.read_text(encoding="ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def forget(self) -> None:
        """Remove the files of a server that has ended."""
        for path in (self.path, self.token_path):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self, shared: bool = False) -> Iterator[None]:
        """Hold the lock. To start or end a server, hold it alone; to look for one, hold it `shared`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "spark-connect.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield
