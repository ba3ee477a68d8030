"""Where a report can be read: at the home's server if one runs, otherwise in its file."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import quote

from tidemark.settings.settings import Settings

PREFIX = "/tidemark"
"""The path under which Airflow serves the pages."""

FILE = "pages.url"
"""The file in the folder `run` that holds the address of the pages while the home's server is started."""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:([0-9]{1,5})/[!-~]*")
_PATIENCE = 0.5
"""Seconds to wait for the server. It is on this machine, so it accepts a connection at once or not at all."""


def report_address(settings: Settings, path: Path) -> str:
    """Return the http address of a file in the folder `reports`; the path itself if no server of the home runs."""
    pages = running_pages(settings)
    if pages is None or not path.is_relative_to(settings.reports):
        return str(path)
    return f"{pages}reports/{quote(path.relative_to(settings.reports).as_posix())}"


def running_pages(settings: Settings) -> str | None:
    """Return the address of the pages of the home's server, with `/` at its end; None if no server listens there."""
    try:
        text = (settings.run / FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None or not text.endswith("/") or not _listens(int(found[1])):
        return None
    return text


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE):
            return True
    except (OSError, OverflowError):
        return False
