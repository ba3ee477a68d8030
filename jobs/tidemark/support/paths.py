"""Convert between paths, locations and links; no other module does.

A location is the address that Iceberg stores in a table's metadata: `file://` followed by the path, character for
character. Neither Iceberg nor PyIceberg decodes %20, so an encoded location would name a different folder. A link is
the address that a browser opens; it is encoded.
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
"""Text that no path may contain, and why. Every other printable character was tried with Spark."""


def why_unfit(path: str) -> str | None:
    """Return why a path cannot be used; None if it can."""
    for part, why in UNFIT.items():
        if part in path:
            return f"it contains {part}, which {why}"
    return None if path.isprintable() else "it contains a character that cannot be printed"


def to_location(path: Path) -> str:
    """Return the location of an absolute path, as tables store it."""
    return f"file://{path}"


def to_path(location: str) -> Path:
    """Return the path of a location. `file:/x`, as Spark writes it, and `file:///x` are the same location."""
    return Path(urlsplit(location).path)


def to_link(path: Path) -> str:
    """Return the link of an absolute path, for a browser or another program that decodes it."""
    return path.as_uri()
