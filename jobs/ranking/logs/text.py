"""The normal form of query texts, by which all data about a query is joined.

The setting `query_text` says which steps make it. Python's Unicode tables are used everywhere: Java has those of
another version, and Spark SQL has no normal forms. `ranking.logs.fields.normalised` applies `normalise` to a column.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_WIDTH = re.compile("([\u3000\uff01-\uffee]+)")
"""Characters of another width: the ideographic space, full-width letters, half-width kana, hangul and signs."""
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Invisible characters that nobody types: controls, soft hyphens, direction marks, the byte order mark, and selectors
of a variant of the character before them. The tags in flags, such as Scotland's, are not listed."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese, which put no blanks between words."""
_BREAK_INSIDE = re.compile(f"(?<=[{_UNSPACED}])\u200b+(?=[{_UNSPACED}])")
_JOINERS = "\u200c\u200d\u115f\u1160"
"""Zero-width joiners and fillers of hangul. They shape letters inside a word and have no meaning at its ends."""
_JOINERS_AT_ENDS = re.compile(rf"(?<!\S)[{_JOINERS}]+|[{_JOINERS}]+(?!\S)")
_TURKISH = str.maketrans({"I": "ı", "İ": "i"})
_SPLIT_VOWEL = re.compile("([\u0e4d\u0ecd])([\u0e48-\u0e4b\u0ec8-\u0ecb]?)([\u0e32\u0eb2])")
_WHOLE_VOWEL = {"\u0e32": "\u0e33", "\u0eb2": "\u0eb3"}


@dataclass(frozen=True)
class QueryText:
    """The setting `query_text` of infra/search.yaml: the steps that make the normal form of a query text."""

    form: str = "nfkc"
    """The Unicode form: `nfkc`, `nfc` or `none`."""
    width: str = "fold"
    """`fold`: full-width and half-width characters become the usual ones. `keep`."""
    case: str = "fold"
    """`fold`: case does not matter. `turkish`: nor in Turkish, where I is the capital of ı. `keep`."""
    spaces: str = "single"
    """`single`: white space of any kind becomes one space, and none at the ends. `keep`."""
    invisible: str = "remove"
    """`remove`: invisible characters go, except joiners inside words and emoji. `keep`."""

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "QueryText":
        """Read the setting from the params of a transform or parser. Raises ValueError for an unknown key."""
        given = dict(params.get("query_text") or {})
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(
                f"search.yaml, query_text: unknown key {', '.join(unknown)}; known keys are {', '.join(known)}"
            )
        return cls(**given)


USUAL = QueryText()


def normalise(text: str, steps: QueryText = USUAL) -> str:
    """Return the normal form of a query text. Normalising a normalised text with the same steps changes nothing.

    With the usual steps it is in NFKC and case folded, and has single spaces and none at its ends. Invisible characters
    are removed, except joiners inside words and emoji.
    """
    if text.isascii() and text.isprintable():
        return _plain(text, steps)
    folded = _fold(text, steps)
    while (again := _fold(folded, steps)) != folded:
        folded = again
    return folded


def _plain(text: str, steps: QueryText) -> str:
    """Return the normal form of printable ASCII, which needs no Unicode tables."""
    if steps.case != "keep":
        text = (text.translate(_TURKISH) if steps.case == "turkish" else text).lower()
    return " ".join(text.split()) if steps.spaces == "single" else text


def _fold(text: str, steps: QueryText) -> str:
    text = _composed(text, steps)
    if steps.case != "keep":
        text = _case_folded(text, steps)
    if steps.invisible == "remove":
        text = _JOINERS_AT_ENDS.sub("", _BREAK_INSIDE.sub("", _INVISIBLE.sub("", text)).replace("\u200b", " "))
    return " ".join(text.split()) if steps.spaces == "single" else text


def _composed(text: str, steps: QueryText) -> str:
    """Apply Unicode form and width. Only the characters of another width follow `width`, all others `form`.

    NFKC splits the vowel am of Thai and Lao in two. It is put together again, in the order in which it is typed.
    """
    parts = [_in_form(part, steps.form) for part in _WIDTH.split(text)]
    parts[1::2] = [_in_form(part, "nfkc" if steps.width == "fold" else "none") for part in _WIDTH.split(text)[1::2]]
    whole = "".join(parts)
    if steps.form == "none":
        return whole
    return _SPLIT_VOWEL.sub(lambda found: found[2] + _WHOLE_VOWEL[found[3]], unicodedata.normalize("NFC", whole))


def _in_form(text: str, form: str) -> str:
    if form == "nfkc":
        return unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFC", text) if form == "nfc" else text


def _case_folded(text: str, steps: QueryText) -> str:
    """Fold case as Unicode does. A capital I with a dot becomes i, without the dot above that folding would leave."""
    if steps.case == "turkish":
        text = text.replace("I\u0307", "İ").translate(_TURKISH)
    return text.casefold().replace("i\u0307", "i")
