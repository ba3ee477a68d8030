"""Which port Airflow listens on: the one it runs on, else the one asked for, else the last one, else 8080."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from infra.local.errors import HostError
from tidemark.engine.loopback import why_taken
from tidemark.settings import Settings
from tidemark.support.atomic_files import replace_file

DEFAULT = 8080


def asked(env: Mapping[str, str]) -> int | None:
    """The port in PORT, if any. Raises HostError for what is no port."""
    text = env.get("PORT", "")
    if not text:
        return None
    port = _read(text)
    if port is None:
        raise HostError(f"PORT={text[:20]!r} is not a port; give a number from 1024 to 65535")
    return port


def choose(settings: Settings, port: int | None, api_runs: bool) -> int:
    """The port to use. Raises HostError where another program holds it, or Airflow runs on another or unknown one."""
    last = remembered(settings)
    if api_runs:
        if last is None:
            raise HostError(
                f"Airflow of {settings.home} runs, and {_file(settings)} names no port; make stop, then again"
            )
        if port not in (None, last):
            raise HostError(f"Airflow of {settings.home} runs on port {last} already; make stop, then PORT={port}")
        return last
    chosen = port or last or DEFAULT
    _refuse_taken(chosen)
    return chosen


def remember(settings: Settings, port: int) -> None:
    """Keep the port for the next start."""
    replace_file(_file(settings), f"{port}\n")


def remembered(settings: Settings) -> int | None:
    """The port of the last start; None where its file is not there or names none."""
    try:
        return _read(_file(settings).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return None


def _refuse_taken(port: int) -> None:
    why = why_taken(port)
    if why is not None:
        raise HostError(
            f"port {port} on 127.0.0.1 is not free ({why}); add another to the same command, "
            f"for example PORT={port + 10 if port < 65000 else port - 10}"
        )


def _read(text: str) -> int | None:
    """A port that a user's process may listen on."""
    if not re.fullmatch("[0-9]{4,5}", text) or not 1024 <= int(text) <= 65535:
        return None
    return int(text)


def _file(settings: Settings) -> Path:
    return settings.run / "airflow.port"
