"""The normal form of query texts, by which all data about a query is joined."""

import re
import unicodedata

_MARKS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Invisible characters that nobody types: controls, soft hyphens, direction marks and the byte order mark."""
_BREAK = "\u200b"
"""The zero-width space, which may separate two words."""
_JOINERS = "\u200c\u200d"
"""Zero-width joiners. They change letters inside a word and have no meaning at its ends."""


def normalise(text: str) -> str:
    """Return a query text in normal form: NFKC, case folded, with single spaces and none at the ends.

    Invisible characters are removed, except joiners inside words. Normalising a normalised text changes nothing.
    `ranking.logs.fields.normalised` applies this function to a column.
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
