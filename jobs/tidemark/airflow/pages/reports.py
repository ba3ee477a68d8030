"""Which files of the home's folder `reports` are served: HTML pages and style sheets that lie in it, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from tidemark.airflow.pages import html

MEDIA_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8"}


def find_report(root: Path, name: str) -> Path | None:
    """Return the file of a report; None if there is none that may be served.

    `name` is a path below `root`, as a browser asked for it. The file that it leads to, with links followed, has to
    lie in `root`, and so has every folder on the way.
    """
    parts = name.split("/")
    if any(part in ("", ".", "..") or not part.isprintable() or "\\" in part for part in parts):
        return None
    try:
        inside = root.resolve(strict=True)
        path = inside.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    if not path.is_relative_to(inside) or not path.is_file() or path.suffix not in MEDIA_TYPES:
        return None
    return path


def with_navigation(text: str, name: str, root: str, reports: Iterable[str]) -> str:
    """Return a report with the navigation of our pages on top, and a link to the session that it is about.

    `name` is the report's path below the folder `reports`, `root` the path of the pages, with `/` at its end.
    """
    return text.replace(html.START, html.START + html.navigation(root, reports, _session_link(name)), 1)


def _session_link(name: str) -> dict[str, str]:
    """Return the link to the session whose audit a report shows; empty for any other report."""
    folder, *rest = name.split("/")
    if folder != "data-docs" or len(rest) != 3:
        return {}
    dataset, session, _ = rest
    return {f"sessions/{quote(session, safe='')}": "This session", f"quality/{quote(dataset, safe='')}": dataset}
