"""Convert the records of a file to rows of a table, or to rows of the quarantine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from tidemark.landing.formats.items import Found, Items, Refused, text_of
from tidemark.landing.formats.jsontext import encode_json
from tidemark.landing.job import ADDED, Job
from tidemark.landing.parsers import Parser
from tidemark.landing.rows.checklist import Row, Rules


class File(NamedTuple):
    """A file of the plan. `hour` is the arrival that its folder states, or None. Times are microseconds since 1970.

    Whether a record is in the future is decided by `written_at`, not by the session's clock: several sessions read the
    same file at different times, and all of them must refuse the same records.
    """

    path: str
    digest: str
    hour: int | None
    written_at: int


class FileRows:
    """Converts the records of one file to rows of the target. Record ids are unique within the file."""

    def __init__(self, job: Job, rules: Mapping[str, Rules], parser: Parser, file: File) -> None:
        self._job, self._rules, self._file, self._parser = job, rules, file, parser
        self._latest = file.written_at + job.tolerance
        self._place: dict[str, Any] = {
            "file_path": file.path,
            "file_id": file.digest,
            "settings": job.settings,
            "file": None,
        }
        self._keys: set[str] = set()
        self._names = [column.name for column in job.target.columns]
        own = rules.get(job.target.name)
        self._time_position = own.time_position if own else None
        self._added_positions = [own.positions.get(name) if own else None for name in ADDED]

    def look_ahead(self, items: Items) -> None:
        """Let the parser read all records of the file before it parses the first one."""
        if self._parser.file is not None:
            records = (item.record for item in items if isinstance(item, Found))
            self._place["file"] = self._parser.file(records, self._place)

    def convert(self, item: Found | Refused) -> list[Row]:
        """Return the target's rows of an item: typed rows or, if the target is the quarantine, its refusal."""
        if isinstance(item, Refused):
            return self._refusal(item)
        try:
            rows = self._typed(item)
        except Exception as error:  # A parser may fail on any record. One record must not stop the session.
            return self._refusal(Refused(item.place, _reason(error), item.raw, item.record))
        return rows

    def _typed(self, item: Found) -> list[Row]:
        place = self._place
        place["place"], place["index"] = item.place, item.bulk_index
        target = self._job.target.name
        parsed = list(self._parser.parse(item.record, place))
        if not parsed:
            raise ValueError("no row: the parser returned no row for this record")
        if not self._job.quarantine and all(name != target for name, _ in parsed):
            return []  # The sessions of the record's own datasets and of the quarantine decide whether it is refused.
        typed = [(name, self._rules[name].read(values, self._latest)) for name, values in parsed]
        rows = [row for name, row in typed if name == target and not self._job.quarantine]
        return self._complete(rows, item) if rows else []

    def _complete(self, rows: list[Row], item: Found) -> list[Row]:
        """Fill the columns that landing adds. If a record has several rows, their record ids end with a number."""
        record_id = self._record_id(item)
        for number, row in enumerate(rows):
            added = (
                f"{record_id}.{number}" if number else record_id,
                self._file.digest,
                self._file.path,
                item.place,
                self._arrival(row),
            )
            for position, value in zip(self._added_positions, added, strict=True):
                if position is not None:
                    row[position] = value
        return rows

    def _arrival(self, row: Row) -> int:
        if self._file.hour is not None:
            return self._file.hour
        if self._job.history and self._time_position is not None:
            return int(row[self._time_position])
        return self._job.clock

    def _record_id(self, item: Found) -> str:
        """Return the id of a record.

        This is its bulk id, followed by `#` and the place if the id has occurred in the file before. A record without
        a bulk id gets a hash of its content and place.
        """
        if item.key is None:
            text = f"{encode_json(item.record)}\n{item.place}"
            return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
        key = item.key
        while key in self._keys:
            key = f"{key}#{item.place}"
        self._keys.add(key)
        return key

    def _refusal(self, item: Refused) -> list[Row]:
        if not self._job.quarantine:
            return []
        record = item.record or {}
        values = {
            "file_id": self._file.digest,
            "file_path": self._file.path,
            "place": item.place,
            "reason": text_of(item.reason.encode("utf-8", "replace")),
            "record": text_of(item.raw or (encode_json(record).encode() if record else b"")),
            "arrived_at": self._job.clock if self._file.hour is None else self._file.hour,
        }
        return [[values[name] if name in values else _text_value(record, name) for name in self._names]]


def _text_value(record: Mapping[str, Any], name: str) -> str:
    """Return a refused record's value for a column, `unknown` if it has no text there."""
    value = record.get(name)
    return value if isinstance(value, str) and value else "unknown"


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError):
        return str(error)
    return f"the parser failed: {type(error).__name__}: {error}"
