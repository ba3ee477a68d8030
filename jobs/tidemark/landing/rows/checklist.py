"""Convert a parser's values to a typed row, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemark.landing.job import ADDED, Shape
from tidemark.landing.rows.instants import OLDEST, check_time_bounds, to_micros
from tidemark.landing.rows.values import Convert, is_missing

Row = list[Any]


class Rules:
    """The rules of a dataset, prepared for many rows: position, conversion and requirement of each column.

    `positions` maps a column's name to its position in a row. `time_position` is the position of the event time. It is
    None if there is no event time, or if landing itself fills that column.
    """

    def __init__(self, shape: Shape, earliest: int) -> None:
        self._takes_undated = shape.takes_undated
        self._earliest = to_micros(OLDEST) if shape.takes_undated else earliest
        self._event_time = shape.event_time
        self._values: list[tuple[int, str, Convert, bool]] = []
        self._width = len(shape.columns)
        self.positions = {column.name: position for position, column in enumerate(shape.columns)}
        self.time_position = None if shape.event_time in (None, *ADDED) else self.positions[str(shape.event_time)]
        for position, column in enumerate(shape.columns):
            if column.name not in (*ADDED, "dated"):
                required = column.required and not (self._takes_undated and column.name == shape.event_time)
                self._values.append((position, column.name, column.converter(), required))

    def read(self, values: Mapping[str, Any], latest: int) -> Row:
        """Return the typed row. Columns that landing fills stay None, and an empty value is the same as a missing one.

        `latest` is the latest event time that is accepted, in microseconds since 1970. Raises ValueError with a reason
        that names the column.
        """
        row: Row = [None] * self._width
        for position, name, convert, required in self._values:
            value = values.get(name)
            try:
                found = None if is_missing(value) else convert(value)
            except ValueError as error:
                raise ValueError(f"{name} is wrong: {error}") from None
            if found is None and required:
                raise ValueError(f"{name} is missing")
            row[position] = found
        if self.time_position is not None:
            self._check_time(row, self.time_position, latest)
        return row

    def _check_time(self, row: Row, position: int, latest: int) -> None:
        if self._takes_undated:
            row[self.positions["dated"]] = row[position] is not None
            if row[position] is None:
                row[position] = 0
                return
        try:
            check_time_bounds(row[position], self._earliest, latest)
        except ValueError as error:
            raise ValueError(f"{self._event_time} is wrong: {error}") from None
