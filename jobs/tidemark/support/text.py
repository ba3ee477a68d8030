"""Make text from outside safe to show."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape the characters that are not printable, so that a terminal shows the text and does not act on it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in text)
