"""Where a report can be read: at the home's server if one runs, otherwise in its file."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from tidemark.settings.settings import Settings
from tidemark.support.loopback import is_listening

PREFIX = "/tidemark"
"""The path under which Airflow serves the pages."""

FILE = "pages.url"
"""The file in the folder `run` that holds the address of the pages while the home's server is started."""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:([0-9]{1,5})/[!-~]*")


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
    if found is None or not text.endswith("/") or not is_listening(int(found[1])):
        return None
    return text
