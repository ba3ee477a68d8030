"""Whether added actions can say anything new about position bases, told from the bounds of their files alone.

Kept apart from `position_bases`, so that planning imports no engine.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Bounds = Mapping[str, tuple[Any, Any] | None]


def holds_news(files: Sequence[Bounds], own: Sequence[Mapping[str, Any]]) -> bool:
    """False where each file holds one application whose base is settled, and no position below it.

    `files` are the column bounds of the added files of user_actions, `own` the rows of position_bases. A file
    without any position says nothing about a base, whoever wrote it.
    """
    bases = {row["application"]: row["base"] for row in in_force(own) if row.get("settled")}
    return any(_may_matter(file, bases) for file in files)


def in_force(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The row of each application with its largest revision."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        known = newest.get(row["application"])
        if known is None or row["revision"] > known["revision"]:
            newest[row["application"]] = row
    return list(newest.values())


def _may_matter(file: Bounds, bases: Mapping[str, int]) -> bool:
    if "position" in file and file["position"] is None:
        return False
    applications, positions = file.get("application"), file.get("position")
    if applications is None or positions is None:
        return True
    first, last = applications
    return first != last or first not in bases or positions[0] < bases[first]
