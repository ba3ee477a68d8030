"""Read records from lines: JSON, bulk actions with their documents, and plain text if the parser reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tidemark.landing.formats.bulk import Action, action_of, index_and_id
from tidemark.landing.formats.items import Found, Items, Refused
from tidemark.landing.formats.jsontext import TOO_DEEP, decode_json, is_too_deep
from tidemark.landing.formats.lines import Line
from tidemark.landing.parsers import Parser

_NO_RECORD = object()
"""The value of a line of plain text without a record, such as a header."""


class LineReader:
    """Converts lines to records. A line may contain several records.

    The place of a record is its line if possible. Places always increase, so that each place occurs once in a file.
    """

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._text = parser.text() if parser.text is not None else None
        self._action: Action | None = None
        self._last = 0

    def read(self, lines: Iterable[Line | Refused]) -> Items:
        """Yield the records and refusals of the lines, in order."""
        for line in lines:
            for item in self._items(line):
                yield self._placed(item)
        if self._action is not None:
            yield self._placed(self._action.without_document())

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
            yield from self._begin_action(action)
        else:
            yield from self._read_document(line.number, value, raw)

    def _value(self, raw: bytes) -> Any:
        if self._text is None or raw[:1] in (b"{", b"["):
            return decode_json(raw)
        try:
            record = self._text(raw.decode("utf-8"))
            return _NO_RECORD if record is None else record
        except UnicodeDecodeError as error:
            raise ValueError(f"not UTF-8: at byte {error.start + 1}") from None

    def _begin_action(self, action: Action) -> Items:
        if self._action is not None:
            yield self._action.without_document()
        self._action = action
        if action.kind == "delete":
            self._action = None
            yield Refused(action.place, str(action.refusal), action.raw)

    def _read_document(self, place: int, value: Any, raw: bytes) -> Items:
        """Yield the records of a value, which is the document of the action in the line before, if there was one."""
        action, self._action = self._action, None
        if action is not None and action.refusal:
            yield Refused(place, action.refusal, raw)
            return
        records = expand(value, self._parser)
        if action is not None and records == []:
            yield action.without_document()
        for record in [value] if records is None else records:
            yield record_at(place, record, raw if records is None else b"", action)


def expand(value: Any, parser: Parser) -> list[Any] | None:
    """Return the records in a list, or in an object that the parser knows as a document.

    Returns None if the value is itself a record.
    """
    if isinstance(value, list):
        return [record for element in value for record in (_records_inside(element, parser) or [element])]
    return _records_inside(value, parser)


def _records_inside(value: Any, parser: Parser) -> list[Any] | None:
    if parser.document is None or not isinstance(value, dict):
        return None
    records = parser.document(value)
    return None if records is None else list(records)


def record_at(place: int, record: Any, raw: bytes, action: Action | None = None) -> Found | Refused:
    """Return a record with index and id from its bulk action, or from the search hit that contains it.

    Refuses a value that is nested too deep, or that is not an object.
    """
    if is_too_deep(record, raw):
        return Refused(place, TOO_DEEP, raw)
    if not isinstance(record, dict):
        return Refused(
            place, "not an object: a record is a JSON object", raw or repr(record).encode("utf-8", "replace")
        )
    if isinstance(record.get("_source"), dict):
        return Found(place, record["_source"], raw, *index_and_id(record))
    if action is not None:
        return Found(place, record, raw, action.bulk_index, action.key)
    return Found(place, record, raw)
