"""Scales of human grades: reads the setting `grades`, and checks whether a list of grades lies on its scale.

A list is all grades that one file holds under one `source`, and a scale belongs to a list. If one grade of a list is
not on the scale, the whole list is refused, because then the other grades probably mean something else as well.
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
"""How many different grades a refusal lists. For more, it asks for the two ends of the scale."""
SHOWN = 60
"""How many characters of a name a refusal shows."""
ENDS = {"least", "most"}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z][\w -]{2,}[A-Za-z0-9]", re.ASCII)

Setting = Mapping[Any, Any]
"""A scale as it is written in the settings."""


@dataclass(frozen=True)
class Scale:
    """Maps raw grades to grades from 0 to 4: one by one (`points`), or linearly between two `ends`."""

    points: Mapping[float, float] = field(default_factory=dict)
    ends: tuple[float, float] | None = None

    def grade(self, raw: float) -> float | None:
        """Return the grade from 0 to 4, or None if the raw grade is not on the scale."""
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
"""The scale of a list without a setting: its grades are from 0 to 4 already."""


def read_raw(raw: Any) -> float:
    """Read a grade as it was given. Raises ValueError if it is missing or not a number."""
    if raw is None or raw == "":
        raise ValueError("grade is missing")
    wrong = ValueError(f"grade is wrong: {raw!r:.60} is not a number")
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
    return value + 0.0  # turns -0.0 into 0.0


def read_scale(setting: Setting) -> Scale:
    """Read a scale: `{100: 4, 10: 2, 0: 0}` maps grades one by one, `{least: 0, most: 1}` all between two ends.

    Raises ValueError if a grade is not a number, or if both ends are equal.
    """
    if set(setting) != ENDS:
        return Scale(points={read_raw(raw): float(grade) for raw, grade in setting.items()})
    least, most = float(setting["least"]), float(setting["most"])
    if least == most:
        raise ValueError(
            f"search.yaml, grades: least and most are both {least:g}; write the two different ends of the scale"
        )
    return Scale(ends=(least, most))


def list_name(file_path: str) -> str:
    """Return the name of a list: the name of its file before the first dot."""
    return PurePosixPath(file_path).name.split(".")[0]


def find_scale(settings: Mapping[Any, Setting], file_path: str, source: str) -> tuple[str, Scale]:
    """Return the key in `grades` for a list, and its scale. The name of the file is looked up first, then the source.

    Without such a key, the key is empty and the scale is 0 to 4.
    """
    named = {str(key): setting for key, setting in settings.items()}
    for name in (list_name(file_path), source):
        if name in named:
            return name, read_scale(named[name])
    return "", AS_GIVEN


@dataclass
class Survey:
    """Collects what a refusal needs to know of the grades of one list, in constant memory."""

    key: str
    scale: Scale
    least: float = math.inf
    most: float = -math.inf
    outside: float | None = None
    different: set[float] = field(default_factory=set)

    def add(self, raw: float) -> None:
        """Add one grade."""
        self.least, self.most = min(self.least, raw), max(self.most, raw)
        if len(self.different) <= LISTED:
            self.different.add(raw)
        if self.outside is None and self.scale.grade(raw) is None:
            self.outside = raw

    def refusal(self, file_path: str, source: str) -> str | None:
        """Return why the list is refused, with the setting to write; None if all its grades are on the scale."""
        if self.outside is None:
            return None
        scale = (
            f"the scale {written(self.key)} in `grades` has" if self.key else "without a scale in `grades` it may have"
        )
        name = list_name(file_path) if self.key else source
        return (
            f"grade is on an unknown scale: the list {written(source)} has {self.outside:g}, but {scale} the grades "
            f"{self.scale}; the whole list is refused. Write under `grades` in search.yaml: {written(name)}: "
            f"{self._remedy()}; then hand the list in again with tidemark quarantined --out"
        )

    def _remedy(self) -> str:
        if len(self.different) <= LISTED:
            return "{" + ", ".join(f"{raw:.12g}: <0-4>" for raw in sorted(self.different)) + "}"
        return f"{{least: {self.least:g}, most: {self.most:g}}} (or the real ends of its scale)"


def written(name: str) -> str:
    """Return a name as a YAML key, shortened to `SHOWN` characters and quoted if necessary."""
    return name if len(name) <= SHOWN and _PLAIN.fullmatch(name) else json.dumps(name[:SHOWN], ensure_ascii=False)
