"""The one form of a query text under which everything about it is counted."""

import unicodedata


def normalise(text: str) -> str:
    """Query text in normal form: compatible characters made one (NFKC), case folded, spaces single, trimmed.

    Applied to its own result it changes nothing. `ranking.fields.normalised` applies it to a column.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    folded = _fold(text)
    while (again := _fold(folded)) != folded:
        folded = again
    return folded


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
