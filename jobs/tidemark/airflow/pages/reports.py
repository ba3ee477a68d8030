"""Which files of the home's folder `reports` are served: HTML pages and style sheets that lie in it, nothing else."""

from __future__ import annotations

from pathlib import Path

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
