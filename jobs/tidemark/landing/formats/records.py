"""Records of text lines: JSON, bulk actions with their documents, and plain text where a parser takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tidemark.landing.formats.bulk import Action, action_of, named
from tidemark.landing.formats.items import Found, Items, Refused
from tidemark.landing.formats.jsontext import TOO_DEEP, decode_json, is_too_deep
from tidemark.landing.formats.lines import Line
from tidemark.landing.parsers import Parser

_NO_RECORD = object()
"""What a line of text that holds no record, such as a header, is read as."""


class LineReader:
    """Turns lines into records. A line may hold several; places only grow, so that each is met once."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._text = parser.text() if parser.text is not None else None
        self._action: Action | None = None
        self._last = 0

    def read(self, lines: Iterable[Line | Refused]) -> Items:
        """The records and refusals of the lines, in order."""
        for line in lines:
            for item in self._items(line):
                yield self._placed(item)
        if self._action is not None:
            yield self._placed(self._action.alone())

    def _placed(self, item: Found | Refused) -> Found | Refused:
        self._last = max(item.place, self._last + 1)
        return item if item.place == self._last else item._replace(place=self._last)

    def _items(self, line: Line | Refused) -> Items:
        if isinstance(line, Refused):
            self._action = None
            yield line
            return
        raw = line.content.strip()
        if not raw:
            return
        try:
            value = self._value(raw)
        except ValueError as error:
            self._action = None
            yield Refused(line.number, str(error), raw)
            return
        if value is _NO_RECORD:
            return
        action = action_of(line.number, value, raw)
        if action is not None:
            yield from self._begin(action)
        else:
            yield from self._finish(line.number, value, raw)

    def _value(self, raw: bytes) -> Any:
        if self._text is None or raw[:1] in (b"{", b"["):
            return decode_json(raw)
        try:
            record = self._text(raw.decode("utf-8"))
            return _NO_RECORD if record is None else record
        except UnicodeDecodeError as error:
            raise ValueError(f"not UTF-8: at byte {error.start + 1}") from None

    def _begin(self, action: Action) -> Items:
        if self._action is not None:
            yield self._action.alone()
        self._action = action
        if action.kind == "delete":
            self._action = None
            yield Refused(action.place, str(action.refusal), action.raw)

    def _finish(self, place: int, value: Any, raw: bytes) -> Items:
        action, self._action = self._action, None
        if action is not None and action.refusal:
            yield Refused(place, action.refusal, raw)
            return
        records = expand(value, self._parser)
        if action is not None and records == []:
            yield action.alone()
        for record in [value] if records is None else records:
            yield record_at(place, record, raw if records is None else b"", action)


def expand(value: Any, parser: Parser) -> list[Any] | None:
    """The records inside a list or a document of the parser's; None if the value is a record itself."""
    if isinstance(value, list):
        return [record for one in value for record in (_inside(one, parser) or [one])]
    return _inside(value, parser)


def _inside(value: Any, parser: Parser) -> list[Any] | None:
    if parser.document is None or not isinstance(value, dict):
        return None
    records = parser.document(value)
    return None if records is None else list(records)


def record_at(place: int, record: Any, raw: bytes, action: Action | None = None) -> Found | Refused:
    """A record with what its bulk action, or the search hit around it, said of it."""
    if is_too_deep(record, raw):
        return Refused(place, TOO_DEEP, raw)
    if not isinstance(record, dict):
        return Refused(
            place, "not an object: a record is a JSON object", raw or repr(record).encode("utf-8", "replace")
        )
    if isinstance(record.get("_source"), dict):
        return Found(place, record["_source"], raw, *named(record))
    if action is not None:
        return Found(place, record, raw, action.bulk_index, action.key)
    return Found(place, record, raw)
