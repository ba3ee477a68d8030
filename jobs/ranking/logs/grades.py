"""Bringing human grades of any scale to 0-4, by a mapping that a person has written."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

LEAST, MOST = 0.0, 4.0


def on_scale(
    raw: Any, source: str, extent: Sequence[float] | None, mappings: Mapping[str, Mapping[Any, float]]
) -> float:
    """The grade 0-4 of a raw grade. `extent` are the least and greatest of its list, if known.

    A source without a mapping gives 0-4 already. Raises ValueError with the mapping to write.
    """
    value = _finite(raw)
    mapping = next((table for name, table in mappings.items() if str(name) == source), None)
    if mapping is None:
        low, high = extent or (value, value)
        if low < LEAST or high > MOST:
            raise ValueError(f"grade is on an unknown scale: {_of(raw, source)}, {_remedy(source, low, high)}")
        return value
    grades = {float(key): float(grade) for key, grade in mapping.items()}
    if value not in grades:
        raise ValueError(
            f"grade is on an unknown scale: {_of(raw, source)} is not in `grades`; {_remedy(source, value)}"
        )
    return grades[value]


def _finite(raw: Any) -> float:
    if raw is None or isinstance(raw, bool):
        raise ValueError("grade is missing" if raw is None else "grade is wrong: true and false are no grades")
    try:
        value = float(raw)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"grade is wrong: {raw!r:.60} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"grade is wrong: {raw!r:.60} is no number")
    return value


def _of(raw: Any, source: str) -> str:
    return f"{raw!r:.20} of {source[:60]!r}"


def _remedy(source: str, *values: float) -> str:
    written = ", ".join(f"{value:g}: <0-4>" for value in dict.fromkeys(values))
    mapping = f"{source[:60]}: {{{written}, ...}}"
    return f"write in infra/search.yaml under `grades`: {mapping}; then tidemark quarantined --out"
