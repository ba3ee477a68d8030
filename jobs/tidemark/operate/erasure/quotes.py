"""Find a value in texts that were made from records: as it is, as JSON writes it, escaped for a terminal, or cut."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from tidemark.audit.findings import MAX_VALUE_LENGTH
from tidemark.support.text import printable

_NOT_IN_WORD = r"(?:(?<!\w)|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))"
"""The value `c7` does not occur in `abc7`, but it does after an escape of JSON such as a line break."""


def quotes(text: str, value: str) -> bool:
    """Return whether a value occurs in a text as a word, or as several."""
    return _pattern(value).search(text) is not None


@lru_cache(maxsize=32)
def _pattern(value: str) -> re.Pattern[str]:
    kept = " ".join(value.split())[: MAX_VALUE_LENGTH - 1]
    forms = dict.fromkeys([value, *([kept] if len(value) >= MAX_VALUE_LENGTH else [])])
    written = dict.fromkeys(
        each
        for form in forms
        for each in (form, printable(form), json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1])
    )
    return re.compile("|".join(f"{_NOT_IN_WORD}{re.escape(each)}{_end(each, value)}" for each in written))


def _end(form: str, value: str) -> str:
    """A value that was cut off ends anywhere."""
    return r"(?!\w)" if len(value) < MAX_VALUE_LENGTH else ""
