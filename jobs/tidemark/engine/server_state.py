"""What a home knows of its Connect server: process and port, the token, the watchdog, and who may start or end it."""

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
        """The file that names the process and its port. Its time says when somebody last asked for the server."""
        return self.folder / "spark-connect.json"

    @property
    def watchdog_path(self) -> Path:
        """The file that names the process of the watchdog."""
        return self.folder / "spark-connect-watchdog.json"

    @property
    def token_path(self) -> Path:
        """The file that holds the token which the server asks for. Only its owner can read it."""
        return self.folder / "spark-connect.token"

    def server(self) -> Running | None:
        """The server's process, if it lives."""
        return recall(self.path)

    def record(self, server: Running) -> None:
        """Keep which process the server is."""
        remember(self.path, server)

    def mark_asked(self) -> None:
        """Keep that somebody asked for the server now, so that it is not taken for an idle one."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.path)

    def last_asked(self) -> int | None:
        """When somebody last asked, as a number that changes each time; None if nothing is known of a server."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return None

    def new_token(self) -> str:
        """Make the token of the next server, in a file that only its owner can read."""
        token = secrets.token_urlsafe(32)
        replace_file(self.token_path, f"{token}\n", mode=0o600)
        return token

    def token(self) -> str | None:
        """The token of the server; None if its file cannot be read."""
        try:
            return self.token_path.read_text(encoding="ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def forget(self) -> None:
        """Remove what is kept of a server that has ended."""
        for path in (self.path, self.token_path):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self, shared: bool = False) -> Iterator[None]:
        """Alone while a server is started or ended; `shared` with all others who only look for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "spark-connect.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield
