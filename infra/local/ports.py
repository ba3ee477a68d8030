"""Choose the port of Airflow: the one that it runs on, else the requested one, else the last one, else 8080."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from infra.local.errors import HostError
from tidemark.settings import Settings
from tidemark.support.atomic_files import replace_file
from tidemark.support.loopback import why_taken

DEFAULT = 8080


def requested_port(env: Mapping[str, str]) -> int | None:
    """Return the port in the variable PORT; None if it is unset. Raises HostError if it is not a valid port."""
    text = env.get("PORT", "")
    if not text:
        return None
    port = _read(text)
    if port is None:
        raise HostError(f"PORT={text[:20]!r} is not a port; give a number from 1024 to 65535")
    return port


def choose(settings: Settings, port: int | None, api_runs: bool) -> int:
    """Return the port to use: `port` is the requested one, `api_runs` says whether the API server is running.

    Raises HostError if another program uses the port, or if Airflow already runs on another or an unknown port.
    """
    last = remembered(settings)
    if api_runs:
        if last is None:
            raise HostError(
                f"Airflow of {settings.home} is running, but {_file(settings)} names no port; "
                "run make stop, then make run"
            )
        if port not in (None, last):
            raise HostError(
                f"Airflow of {settings.home} already runs on port {last}; run make stop, then make run PORT={port}"
            )
        return last
    chosen = port or last or DEFAULT
    _refuse_taken(chosen)
    return chosen


def remember(settings: Settings, port: int) -> None:
    """Store the port for the next start."""
    replace_file(_file(settings), f"{port}\n")


def remembered(settings: Settings) -> int | None:
    """Return the port of the last start; None if its file does not exist or contains no port."""
    try:
        return _read(_file(settings).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return None


def _refuse_taken(port: int) -> None:
    why = why_taken(port)
    if why is not None:
        raise HostError(
            f"port {port} on 127.0.0.1 is not free ({why}); add another port to the command, "
            f"for example PORT={port + 10 if port < 65000 else port - 10}"
        )


def _read(text: str) -> int | None:
    """Parse a port from 1024 to 65535, on which a user's process may listen; None for anything else."""
    if not re.fullmatch("[0-9]{4,5}", text) or not 1024 <= int(text) <= 65535:
        return None
    return int(text)


def _file(settings: Settings) -> Path:
    return settings.run / "airflow.port"
