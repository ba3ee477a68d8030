"""The one form of a query text under which everything about it is counted."""

import re
import unicodedata

_MARKS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Characters that nobody types and nobody sees: controls, soft hyphens, marks of direction, the byte order mark."""
_BREAK = "\u200b"
"""Where a word may break; between words it is all there is."""
_JOINERS = "\u200c\u200d"
"""They change letters and signs inside a word, and mean nothing at its ends."""


def normalise(text: str) -> str:
    """Query text in normal form: compatible characters made one (NFKC), case folded, spaces single, trimmed.

    What cannot be seen is taken out, but for joiners inside words. Applied to its own result it changes nothing.
    `ranking.logs.fields.normalised` applies it to a column.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())
    folded = _fold(text)
    while (again := _fold(folded)) != folded:
        folded = again
    return folded


def _fold(text: str) -> str:
    seen = _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold().replace(_BREAK, " "))
    words = (word.strip(_JOINERS) for word in seen.split())
    return " ".join(word for word in words if word)
