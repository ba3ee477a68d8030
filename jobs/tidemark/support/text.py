"""Make text from outside safe to show, and put numbers and long lines into words that are easy to read."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_LINE = 160
"""Characters that Airflow's log viewer shows of a line on a screen of usual width before it wraps."""


def printable(text: str) -> str:
    """Escape the characters that are not printable, so that a terminal shows the text and does not act on it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in text)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things as text: `1 row`, `1,234 rows`, `2 entries` if the plural is given."""
    return f"1 {noun}" if number == 1 else f"{number:,} {plural or f'{noun}s'}"


def count_of(number: int, what: str) -> str:
    """Return a number and a description in the plural: `2 clicks without an item`, `1 click without an item`."""
    first, blank, rest = what.partition(" ")
    return f"1 {singular(first)}{blank}{rest}" if number == 1 else f"{number:,} {what}"


def singular(noun: str) -> str:
    """Return the singular of a regular plural; another word is returned as it is."""
    for plural, one in (("ies", "y"), ("ches", "ch"), ("sses", "ss"), ("s", "")):
        if len(noun) > 3 and noun.endswith(plural) and not noun.endswith(("ss", "us", "is")):
            return noun.removesuffix(plural) + one
    return noun


def break_line(line: str, longest: int = LONGEST_LINE) -> list[str]:
    """Break a line after sentences and clauses, or else after commas, so that no part is longer than `longest`.

    The parts after the first are indented two blanks deeper. A clause without a comma stays whole.
    """
    if len(line) <= longest:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    lines = [indent]
    for piece in _pieces(line.strip(), longest - len(indent) - 2):
        if lines[-1].strip() and len(f"{lines[-1]} {piece}") > longest:
            lines.append(f"{indent}  {piece}")
        else:
            lines[-1] = f"{lines[-1]} {piece}" if lines[-1].strip() else f"{lines[-1]}{piece}"
    return lines


def _pieces(text: str, longest: int) -> Iterator[str]:
    for clause in re.split(r"(?<=[.;]) ", text):
        if len(clause) <= longest:
            yield clause
        else:
            yield from clause.replace(", ", ",\0").split("\0")


def cut(text: str, length: int) -> str:
    """Return the text on one line, at most `length` characters long."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
