"""Scales of human grades: what the setting `grades` says, and whether a whole list of grades lies on its scale.

A scale belongs to a list: the grades that one file holds under one `source`. Either every grade of a list is on its
scale or the list is refused, because one grade outside shows that the others mean something else, too.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

LEAST, MOST = 0.0, 4.0
LISTED = 12
"""Different grades that a refusal writes out; a list with more is told to state the ends of its scale."""
SHOWN = 60
"""Letters of a name that a refusal shows."""
ENDS = {"least", "most"}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z][\w -]{2,}[A-Za-z0-9]", re.ASCII)

Setting = Mapping[Any, Any]
"""A scale as the settings write it."""


@dataclass(frozen=True)
class Scale:
    """What raw grades mean from 0 to 4: each by itself (`points`), or all in proportion between two `ends`."""

    points: Mapping[float, float] = field(default_factory=dict)
    ends: tuple[float, float] | None = None

    def grade(self, raw: float) -> float | None:
        """The grade from 0 to 4; None if the raw grade is not on the scale."""
        if self.ends is None:
            return self.points.get(raw)
        least, most = self.ends
        if not min(least, most) <= raw <= max(least, most):
            return None
        return LEAST + (MOST - LEAST) * (raw - least) / (most - least)

    def __str__(self) -> str:
        if self.ends is not None:
            return f"from {self.ends[0]:g} to {self.ends[1]:g}"
        return ", ".join(f"{raw:g}" for raw in sorted(self.points))


AS_GIVEN = Scale(ends=(LEAST, MOST))
"""The scale of a list for which the settings have none: its grades are from 0 to 4 already."""


def read_raw(raw: Any) -> float:
    """A grade as it was given. Raises ValueError if it is missing or no number."""
    if raw is None or raw == "":
        raise ValueError("grade is missing")
    wrong = ValueError(f"grade is wrong: {raw!r:.60} is no number")
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise wrong
    if isinstance(raw, str) and not _NUMBER.fullmatch(raw.strip()):
        raise wrong
    try:
        value = float(raw)
    except OverflowError:
        raise wrong from None
    if not math.isfinite(value):
        raise wrong
    return value + 0.0  # -0.0 is the same grade as 0


def read_scale(setting: Setting) -> Scale:
    """`{100: 4, 10: 2, 0: 0}` maps each grade, `{least: 0, most: 1}` all that lie between. Raises ValueError."""
    if set(setting) != ENDS:
        return Scale(points={read_raw(raw): float(grade) for raw, grade in setting.items()})
    least, most = float(setting["least"]), float(setting["most"])
    if least == most:
        raise ValueError(f"search.yaml, grades: least and most are both {least:g}; write the two ends of the scale")
    return Scale(ends=(least, most))


def list_name(file_path: str) -> str:
    """The name of the list that a file holds: the name of the file before its first dot."""
    return PurePosixPath(file_path).name.split(".")[0]


def find_scale(settings: Mapping[Any, Setting], file_path: str, source: str) -> tuple[str, Scale]:
    """The key of `grades` that is about a list, and its scale: by the name of the file, else by the source.

    Without such a key the grades are 0 to 4 already and the key is empty.
    """
    named = {str(key): setting for key, setting in settings.items()}
    for name in (list_name(file_path), source):
        if name in named:
            return name, read_scale(named[name])
    return "", AS_GIVEN


@dataclass
class Survey:
    """The grades of one list, looked at one by one in constant memory."""

    key: str
    scale: Scale
    least: float = math.inf
    most: float = -math.inf
    outside: float | None = None
    different: set[float] = field(default_factory=set)

    def add(self, raw: float) -> None:
        """Take in one grade."""
        self.least, self.most = min(self.least, raw), max(self.most, raw)
        if len(self.different) <= LISTED:
            self.different.add(raw)
        if self.outside is None and self.scale.grade(raw) is None:
            self.outside = raw

    def refusal(self, file_path: str, source: str) -> str | None:
        """Why the whole list is refused, with the mapping to write; None if all its grades are on the scale."""
        if self.outside is None:
            return None
        known = (
            f"its scale, `grades`: {written(self.key)}, has" if self.key else "without a scale of its own it may have"
        )
        name = list_name(file_path) if self.key else source
        return (
            f"grade is on an unknown scale: the list {written(source)} has {self.outside:g}, {known} {self.scale}; no "
            f"grade of it is taken until search.yaml says under `grades`: {written(name)}: {self._remedy()}; "
            "then tidemark quarantined --out"
        )

    def _remedy(self) -> str:
        if len(self.different) <= LISTED:
            return "{" + ", ".join(f"{raw:.12g}: <0-4>" for raw in sorted(self.different)) + "}"
        return f"{{least: {self.least:g}, most: {self.most:g}}}, or whatever the ends of its scale are"


def written(name: str) -> str:
    """A name as YAML takes it for a key, cut."""
    return name if len(name) <= SHOWN and _PLAIN.fullmatch(name) else json.dumps(name[:SHOWN], ensure_ascii=False)
