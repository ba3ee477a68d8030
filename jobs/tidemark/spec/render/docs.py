"""A column's meaning and unit as one line, `clicks on the item [count]`, and back."""

from __future__ import annotations

import re

from tidemark.spec.model import Column

_WITH_UNIT = re.compile(r"(.*) \[([^\[\]]+)\]", re.DOTALL)


def doc_of(column: Column) -> str:
    """The line that tables carry. A meaning never ends in `]`, which is how the unit is found again."""
    return f"{column.means} [{column.unit}]" if column.unit else column.means


def read_doc(doc: str) -> tuple[str, str | None]:
    """Meaning and unit of a line."""
    found = _WITH_UNIT.fullmatch(doc)
    return (found[1], found[2]) if found else (doc, None)
