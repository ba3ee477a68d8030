"""Find a value in texts that were made from records.

A JSON text is read, so that it does not matter how it writes the value. In any other text the value is looked for as it
is, as JSON writes it, escaped for a terminal, or cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from tidemark.audit.findings import MAX_VALUE_LENGTH
from tidemark.support.text import printable

_NOT_IN_WORD = r"(?:(?<!\w)|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))"
"""The value `c7` does not occur in `abc7`, but it does after an escape of JSON such as a line break."""

DISTINCT = 4
"""The least number of characters of a value that is looked for in sentences. A shorter one may mean anything there."""


def parsed(text: str) -> Any:
    """Return the object or list that a JSON text writes; None for any other text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def record_quotes(record: Any, column: str, value: str) -> bool:
    """Return whether a value occurs in a record: under the name of its column, or as a text, or in a longer text."""
    return any(_is_quoted(key == column, each, value) for key, each in _scalars(record))


def _is_quoted(is_column: bool, each: Any, value: str) -> bool:
    if not isinstance(each, str):
        return is_column and str(each) == value
    return each.strip() == value.strip() or (len(value) >= DISTINCT and quotes(each, value))


def _scalars(record: Any) -> Iterator[tuple[str, Any]]:
    """Yield the values of a record with the name of each, and the names as texts."""
    waiting: list[tuple[str, Any]] = [("", record)]
    while waiting:
        name, each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.items()
            yield from (("", inner) for inner in each)
        elif isinstance(each, list):
            waiting += ((name, inner) for inner in each)
        else:
            yield name, each


def quotes(text: str, value: str) -> bool:
    """Return whether a value occurs in a text as a word, or as several."""
    return _pattern(value).search(text) is not None


@lru_cache(maxsize=32)
def _pattern(value: str) -> re.Pattern[str]:
    kept = " ".join(value.split())[: MAX_VALUE_LENGTH - 1]
    forms = dict.fromkeys([value, *([kept] if len(value) >= MAX_VALUE_LENGTH else [])])
    written = dict.fromkeys(each for form in forms for each in (form, printable(form), *_as_json(form)))
    return re.compile("|".join(f"{_NOT_IN_WORD}{re.escape(each)}{_end(each, value)}" for each in written))


def _as_json(form: str) -> Iterator[str]:
    """Yield the forms in which writers of JSON put a text between quotes."""
    for written in (json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]):
        yield from (written, written.replace("/", "\\/"))


def _end(form: str, value: str) -> str:
    """A value that was cut off ends anywhere."""
    return r"(?!\w)" if len(value) < MAX_VALUE_LENGTH else ""
