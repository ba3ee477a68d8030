"""From a record to the rows of a table, or to the reason why it cannot be one."""

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
    """A file of the plan; `hour` is the arrival that its folder states, or None. Both times are microseconds.

    What lies in the future is judged by `written_at` and not by a session's clock: the sessions of one file run
    at different times, and a record that one of them refuses must be refused for all.
    """

    path: str
    digest: str
    hour: int | None
    written_at: int


class FileRows:
    """The rows of one file: which records become rows of the target, under ids unique in the file."""

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
        self._time_at = own.time_at if own else None
        self._added_at = [own.at.get(name) if own else None for name in ADDED]

    def look_ahead(self, items: Items) -> None:
        """Have the parser read all records of the file, for what it has to know before it parses the first."""
        if self._parser.file is not None:
            records = (item.record for item in items if isinstance(item, Found))
            self._place["file"] = self._parser.file(records, self._place)

    def of(self, item: Found | Refused) -> list[Row]:
        """The target's rows of an item: typed rows, or for the quarantine the refusal."""
        if isinstance(item, Refused):
            return self._refusal(item)
        try:
            rows = self._typed(item)
        except Exception as error:  # a parser meets anything, and one record must not stop the session
            return self._refusal(Refused(item.place, _reason(error), item.raw, item.record))
        return rows

    def _typed(self, item: Found) -> list[Row]:
        place = self._place
        place["place"], place["index"] = item.place, item.bulk_index
        target = self._job.target.name
        parsed = list(self._parser.parse(item.record, place))
        if not parsed:
            raise ValueError("no row: the parser made none of it")
        if not self._job.quarantine and all(name != target for name, _ in parsed):
            return []  # whether it is refused is for the sessions of its own datasets and the quarantine's
        typed = [(name, self._rules[name].read(values, self._latest)) for name, values in parsed]
        rows = [row for name, row in typed if name == target and not self._job.quarantine]
        return self._complete(rows, item) if rows else []

    def _complete(self, rows: list[Row], item: Found) -> list[Row]:
        """Fills the columns that landing adds; several rows of a record are told apart by a number."""
        record_id = self._record_id(item)
        for number, row in enumerate(rows):
            added = (
                f"{record_id}.{number}" if number else record_id,
                self._file.digest,
                self._file.path,
                item.place,
                self._arrival(row),
            )
            for position, value in zip(self._added_at, added, strict=True):
                if position is not None:
                    row[position] = value
        return rows

    def _arrival(self, row: Row) -> int:
        if self._file.hour is not None:
            return self._file.hour
        if self._job.history and self._time_at is not None:
            return int(row[self._time_at])
        return self._job.clock

    def _record_id(self, item: Found) -> str:
        """The bulk id, with the place behind it if the file has it twice; else a hash of record and place."""
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
        given = {
            "file_id": self._file.digest,
            "file_path": self._file.path,
            "place": item.place,
            "reason": text_of(item.reason.encode("utf-8", "replace")),
            "record": text_of(item.raw or (encode_json(record).encode() if record else b"")),
            "arrived_at": self._job.clock if self._file.hour is None else self._file.hour,
        }
        return [[given[name] if name in given else _stated(record, name) for name in self._names]]


def _stated(record: Mapping[str, Any], name: str) -> str:
    """What the refused record says of a column, as far as it can be read."""
    value = record.get(name)
    return value if isinstance(value, str) and value else "unknown"


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError):
        return str(error)
    return f"the parser failed: {type(error).__name__} {error}"
