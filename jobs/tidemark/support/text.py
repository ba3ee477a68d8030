"""Text of others, made fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """A text that a terminal shows and does not obey: what is not printable is written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in text)
