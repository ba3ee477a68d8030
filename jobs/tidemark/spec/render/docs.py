"""Convert a column's meaning and unit to one line, for example `clicks on the item [count]`, and back."""

from __future__ import annotations

import re

from tidemark.spec.model import Column

_WITH_UNIT = re.compile(r"(.*) \[([^\[\]]+)\]", re.DOTALL)


def doc_of(column: Column) -> str:
    """Return the column's doc in a table. A meaning never ends with `]`, so `read_doc` can tell the unit apart."""
    return f"{column.means} [{column.unit}]" if column.unit else column.means


def read_doc(doc: str) -> tuple[str, str | None]:
    """Return meaning and unit of a column's doc. The unit is None if the doc has none."""
    found = _WITH_UNIT.fullmatch(doc)
    return (found[1], found[2]) if found else (doc, None)
