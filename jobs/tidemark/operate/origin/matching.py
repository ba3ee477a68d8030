"""Which rows of an input a row may come from: pure rules over two specs.

1. If the row has all columns of the input's grain, they name one row of the input: that one. A spec may say under
   another name which column it is (`renamed` of the input).
2. Otherwise the rows that agree in the columns of the row's grain which the input has too, at the event times in which
   the input's window allows them to matter.
3. If nothing is shared, the transform may have used any row: the input as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.ranges import MICROSECOND, Interval, Ranges, widen


@dataclass(frozen=True)
class Match:
    """How rows of an input are found: `columns` maps a column of the input to that of the row with the same value.

    If `columns` is empty, the input counts as a whole. `by_time` says that the event time limits them too. `specific`
    is false if the rows are shared with many other rows of the target, such as all of its application.
    """

    columns: Mapping[str, str]
    by_time: bool
    specific: bool

    def describe(self) -> str:
        """Return the match in words."""
        if not self.columns:
            return "read as a whole"
        names = ", ".join(own if own == theirs else f"{own} = {theirs}" for own, theirs in self.columns.items())
        return f"of the same {names}" + (", within the window" if self.by_time else "")


def match(target: DatasetSpec, source: DatasetSpec, window: InputSpec) -> Match:
    """Return how the rows of an input are found that a row of the target may come from."""
    renamed = {**{name: name for name in source.grain}, **window.renamed}
    if source.grain and all(_same_type(source, name, target, renamed[name]) for name in source.grain):
        return Match({name: renamed[name] for name in source.grain}, by_time=False, specific=True)
    times = (target.event_time, _event_time(source, window))
    shared = {name: name for name in target.grain if name not in times and _same_type(source, name, target, name)}
    named = {own: theirs for own, theirs in window.renamed.items() if _same_type(source, own, target, theirs)}
    columns = {**shared, **named}
    own = {name for name in target.grain if name != target.event_time}
    specific = bool(columns) and (window.rows or own <= {*columns.values()})
    return Match(columns, by_time=bool(columns) and all(times), specific=specific)


def times_of(target: DatasetSpec, window: InputSpec, row: Mapping[str, Any]) -> Ranges:
    """Return the event times of an input that a row of the target can depend on."""
    at = row[str(target.event_time)]
    if isinstance(at, datetime):
        own = Interval(at, at + MICROSECOND)
    else:
        assert isinstance(at, date), "an event time is a timestamp or a date"
        start = datetime.combine(at, time(), UTC)
        own = Interval(start, start + timedelta(days=1))
    return widen((own,), window.before, window.after)


def event_time_of(source: DatasetSpec, window: InputSpec) -> str | None:
    """Return the column of an input that counts as its event time."""
    return _event_time(source, window)


def _event_time(source: DatasetSpec, window: InputSpec) -> str | None:
    return window.event_time or source.event_time


def _same_type(source: DatasetSpec, own: str, target: DatasetSpec, theirs: str) -> bool:
    if own not in source.columns or theirs not in target.columns:
        return False
    return source.columns[own].type == target.columns[theirs].type
