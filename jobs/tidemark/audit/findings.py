"""What a check found, as data: the numbers that it observed, and some of the rows that fail it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidemark.state.codec import decode, encode
from tidemark.support.text import cut

MAX_VALUE_LENGTH = 80
"""The number of characters that are kept of one value."""


@dataclass(frozen=True)
class Measure:
    """The least and the greatest number that a check observed, and the bounds that the numbers should keep.

    `low` and `high` are equal if the check observes one number, such as a mean or the share of rows that meet a
    condition. None stands for no number, and for no bound.
    """

    low: float | None
    high: float | None
    least: float | None = None
    most: float | None = None

    def columns(self) -> dict[str, float | None]:
        """Return the measure as columns of `ops.audit_results`. What is not finite is no number."""
        found = {"observed_low": self.low, "observed_high": self.high}
        bounds = {"expected_low": self.least, "expected_high": self.most}
        return {name: _finite(number) for name, number in (found | bounds).items()}


def measure_of(number: float | None, least: float | None = None, most: float | None = None) -> Measure | None:
    """Return the measure of a check that observed one number; None if it observed none."""
    return None if number is None else Measure(number, number, least, most)


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and math.isfinite(number) else None


@dataclass(frozen=True)
class FailingRow:
    """A row that fails a check: the checked values and the grain, by column, and where the row landed.

    Values are texts of at most MAX_VALUE_LENGTH characters, None for null. `file` is a path below the landing folder,
    `file_id` the SHA-256 of the file, `place` a line or row in it. They are None if the row does not name them.
    `shown` is the column whose value alone stands for the row in messages; None for all checked columns.
    """

    values: Mapping[str, str | None]
    grain: Mapping[str, str | None]
    file: str | None = None
    file_id: str | None = None
    place: int | None = None
    shown: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        checked = {name: value for name, value in self.values.items() if self.shown in (None, name)}
        named = len(checked) > 1
        texts = (f"{name} {_text(value)}" if named else _text(value) for name, value in checked.items())
        grain = f"({', '.join(_text(value) for value in self.grain.values())})"
        return " ".join(part for part in (", ".join(texts), grain, self.where()) if part)

    def where(self) -> str:
        """Return the file and the place in it as text; empty if the row does not name its file."""
        if self.file is None:
            return ""
        return f"in {self.file}" + (f", place {self.place}" if self.place is not None else "")


def _text(value: str | None) -> str:
    return "null" if value is None else cut(value, MAX_VALUE_LENGTH)


def rows_to_json(rows: Iterable[FailingRow]) -> str:
    """Return rows as the JSON that `ops.audit_results` keeps."""
    return json.dumps([{name: value for name, value in encode(row).items() if name != "shown"} for row in rows])


def rows_from_json(text: str | None) -> tuple[FailingRow, ...]:
    """Return the rows that a record keeps. A record of an older version, or one that cannot be read, has none."""
    try:
        return decode(_Rows, {"rows": json.loads(text or "[]")}).rows
    except ValueError:
        return ()


@dataclass(frozen=True)
class _Rows:
    rows: tuple[FailingRow, ...]


def row_from(values: Mapping[str, Any], checked: Iterable[str], grain: Iterable[str], shown: str | None) -> FailingRow:
    """Return a failing row from the texts of its columns."""
    place = values.get("place")
    return FailingRow(
        values={name: _kept(values[name]) for name in checked},
        grain={name: _kept(values[name]) for name in grain},
        file=values.get("file_path"),
        file_id=values.get("file_id"),
        place=int(place) if place and place.isascii() and place.isdigit() else None,
        shown=shown,
    )


def _kept(value: str | None) -> str | None:
    return None if value is None else cut(value, MAX_VALUE_LENGTH)
