"""The only door between paths and locations.

A location is what Iceberg stores in a table's metadata: `file://` and the path, letter for letter. Neither Iceberg nor
PyIceberg decodes %20, so an encoded location names another folder than the path. A link is what a browser opens; it is
encoded.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

UNFIT = {
    "?": "begins a query in the address of the embedded catalog and in a table's location",
    "#": "begins a fragment in a table's location, and the rest of the path would be lost",
    "%": "begins an escape in the address of the embedded catalog and in the settings of services",
    ",": "separates folders in Spark's settings",
    "${": "begins a variable in Spark's settings",
}
"""What no path of ours may hold, and why; every other printable character was tried on Spark."""


def why_unfit(path: str) -> str | None:
    """Why a path cannot be used; None where it can."""
    for part, why in UNFIT.items():
        if part in path:
            return f"it holds {part}, which {why}"
    return None if path.isprintable() else "it holds a character that cannot be printed"


def to_location(path: Path) -> str:
    """The location of an absolute path, as tables store it."""
    return f"file://{path}"


def to_path(location: str) -> Path:
    """The path of a location; `file:/x`, as Spark writes it, and `file:///x` are the same."""
    return Path(urlsplit(location).path)


def to_link(path: Path) -> str:
    """What a browser opens for an absolute path."""
    return path.as_uri()
