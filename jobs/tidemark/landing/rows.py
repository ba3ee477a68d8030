"""From a record to the rows of a table, or to the reason why it cannot be one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from tidemark.landing.instants import refuse_absurd
from tidemark.landing.items import Found, Refused, text_of
from tidemark.landing.job import ADDED, Job, Shape
from tidemark.landing.jsontext import encode_json
from tidemark.landing.parsers import load_parser
from tidemark.landing.values import Convert

Row = list[Any]


class File(NamedTuple):
    """A file of the plan; `hour` is the arrival that its folder states, in microseconds, or None."""

    path: str
    digest: str
    hour: int | None


class Rules:
    """A shape with its converters at hand."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.converters: list[tuple[str, Convert, bool]] = [
            (column.name, column.converter(), column.required)
            for column in shape.columns
            if column.name not in ADDED
        ]

    def read(self, values: Mapping[str, Any], latest: int) -> dict[str, Any]:
        """The typed values of a row. Raises ValueError with a reason that names the column."""
        row: dict[str, Any] = {}
        for name, convert, required in self.converters:
            value = values.get(name)
            if value is None or value == "":
                row[name] = self._absent(name, required)
                continue
            try:
                row[name] = convert(value)
            except ValueError as error:
                raise ValueError(f"{name} is wrong: {error}") from None
        self._check_time(row, latest)
        return row

    def _absent(self, name: str, required: bool) -> None:
        """Empty text counts as absent."""
        if required and not (name == self.shape.event_time and self.shape.takes_undated):
            raise ValueError(f"{name} is missing")

    def _check_time(self, row: dict[str, Any], latest: int) -> None:
        event_time = self.shape.event_time
        if event_time is None:
            return
        if self.shape.takes_undated:
            row["dated"] = row[event_time] is not None
            if not row["dated"]:
                row[event_time] = 0
                return
        try:
            refuse_absurd(row[event_time], latest)
        except ValueError as error:
            raise ValueError(f"{event_time} is wrong: {error}") from None


class FileRows:
    """The rows of one file: which records become rows of the target, under ids that are unique in the file."""

    def __init__(self, job: Job, rules: Mapping[str, Rules], parser: str, file: File) -> None:
        self._job, self._rules, self._file = job, rules, file
        self._parse = load_parser(parser).parse
        self._place: dict[str, Any] = {"file_path": file.path, "file_id": file.digest, "settings": job.settings}
        self._keys: set[str] = set()
        self._names = [column.name for column in job.target.columns]

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
        place["place"], place["index"] = item.place, item.index
        target, job = self._job.target.name, self._job
        wanted: list[dict[str, Any]] = []
        for name, values in self._parse(item.record, place):
            row = self._rules[name].read(values, job.latest)
            if name == target:
                wanted.append(row)
        if not wanted or job.quarantine:
            return []
        record_id = self._record_id(item)
        return [self._complete(row, item.place, f"{record_id}.{n}" if n else record_id) for n, row in enumerate(wanted)]

    def _complete(self, row: dict[str, Any], place: int, record_id: str) -> Row:
        row["record_id"], row["place"] = record_id, place
        row["file_id"], row["file_path"] = self._file.digest, self._file.path
        row["arrived_at"] = self._arrival(row)
        return [row.get(name) for name in self._names]

    def _arrival(self, row: Mapping[str, Any]) -> int:
        if self._file.hour is not None:
            return self._file.hour
        event_time = self._job.target.event_time
        if self._job.history and event_time is not None and event_time in row:
            return int(row[event_time])
        return self._job.clock

    def _record_id(self, item: Found) -> str:
        """The bulk id, with the place behind it where the file has it twice; else a hash of record and place."""
        if item.key is None:
            text = f"{encode_json(item.record)}\n{item.place}"
            return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
        if item.key in self._keys:
            return f"{item.key}#{item.place}"
        self._keys.add(item.key)
        return item.key

    def _refusal(self, item: Refused) -> list[Row]:
        if not self._job.quarantine:
            return []
        record = item.record or {}
        given = {
            "file_id": self._file.digest,
            "file_path": self._file.path,
            "place": item.place,
            "reason": text_of(item.reason.encode("utf-8", "replace")),
            "record": text_of(item.raw or _written(record)),
            "arrived_at": self._job.clock if self._file.hour is None else self._file.hour,
        }
        return [[given[name] if name in given else _stated(record, name) for name in self._names]]


def _stated(record: Mapping[str, Any], name: str) -> str:
    """What the refused record says of a column, as far as it can be read."""
    value = record.get(name)
    return value if isinstance(value, str) and value else "unknown"


def _written(record: Mapping[str, Any]) -> bytes:
    try:
        return encode_json(record).encode("utf-8", "replace") if record else b""
    except ValueError:
        return repr(record).encode("utf-8", "replace")


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError):
        return str(error)
    return f"the parser failed: {type(error).__name__} {error}"
