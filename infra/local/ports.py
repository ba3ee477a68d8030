"""Which port Airflow listens on: the one it runs on, else the one asked for, else the last one, else 8080."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

from infra.local.errors import HostError
from tidemark.settings import Settings

DEFAULT = 8080


def asked(env: Mapping[str, str]) -> int | None:
    """The port in PORT, if any. Raises HostError for what is no port."""
    text = env.get("PORT", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise HostError(f"PORT={text[:20]!r} is not a port; give a number from 1024 to 65535")
    return int(text)


def choose(settings: Settings, port: int | None, api_runs: bool) -> int:
    """The port to use. Raises HostError where another program holds it, or Airflow runs on another one."""
    last = remembered(settings)
    if api_runs and last is not None:
        if port not in (None, last):
            raise HostError(f"Airflow of {settings.home} runs on port {last} already; make stop, then PORT={port}")
        return last
    chosen = port or last or DEFAULT
    _refuse_taken(chosen)
    return chosen


def remember(settings: Settings, port: int) -> None:
    """Keep the port for the next start."""
    _file(settings).parent.mkdir(parents=True, exist_ok=True)
    _file(settings).write_text(f"{port}\n", encoding="utf-8")


def remembered(settings: Settings) -> int | None:
    """The port of the last start."""
    return int(_file(settings).read_text(encoding="utf-8")) if _file(settings).exists() else None


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise HostError(
                f"port {port} on 127.0.0.1 is not free ({error.strerror}); "
                f"choose another, for example: make run PORT={port + 10 if port < 65000 else port - 10}"
            ) from error


def _file(settings: Settings) -> Path:
    return settings.run / "airflow.port"
