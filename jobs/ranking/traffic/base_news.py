"""Decides from the column bounds of added files whether they can change a position base.

It is a module of its own, so that planning does not import Spark.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Bounds = Mapping[str, tuple[Any, Any] | None]


def holds_news(files: Sequence[Bounds], own: Sequence[Mapping[str, Any]]) -> bool:
    """Return false if no added file can change a base.

    A file cannot change a base if it has no position, or if it holds one application whose base is settled and no
    position below that base. `files` are the column bounds (least, greatest) of the files added to user_actions; the
    bounds of a column without any value are None. `own` are the rows of position_bases.
    """
    bases = {row["application"]: row["base"] for row in in_force(own) if row.get("settled")}
    return any(_may_matter(file, bases) for file in files)


def in_force(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the row with the largest revision of each application."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        known = newest.get(row["application"])
        if known is None or row["revision"] > known["revision"]:
            newest[row["application"]] = row
    return list(newest.values())


def _may_matter(file: Bounds, bases: Mapping[str, int]) -> bool:
    """Return whether a file can change a base. `bases` are the settled bases by application."""
    if "position" in file and file["position"] is None:
        return False
    applications, positions = file.get("application"), file.get("position")
    if applications is None or positions is None:
        return True
    first, last = applications
    return first != last or first not in bases or positions[0] < bases[first]
