"""Whose records are erased: values of columns that identify a person, read by the specs of the landed tables."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.expressions import BooleanExpression

from tidemark.catalog.filters import all_of, is_value
from tidemark.errors import RequestRefused
from tidemark.operate.erasure.quotes import DISTINCT, parsed, quotes, record_quotes
from tidemark.operate.origin.keys import read_value
from tidemark.spec import DatasetSpec
from tidemark.support.text import printable


@dataclass(frozen=True)
class Person:
    """The columns that identify the person's records, with their values as text. A record has all of the values."""

    texts: Mapping[str, str]

    def __str__(self) -> str:
        return printable(", ".join(f"{column}={text}" for column, text in self.texts.items()))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that identify the records."""
        return tuple(self.texts)

    def is_in(self, spec: DatasetSpec) -> bool:
        """Return whether a dataset has all of the columns, so that its rows can be the person's."""
        return all(column in spec.columns for column in self.columns)

    def where(self, spec: DatasetSpec) -> BooleanExpression:
        """Return the condition for the person's rows. Raises RequestRefused for a value of another type."""
        return all_of(is_value(column, read_value(spec, column, text)) for column, text in self.texts.items())

    def is_quoted(self, texts: Iterable[str | None], known: Mapping[str, Any] | None = None) -> bool:
        """Return whether texts quote the person: each value occurs in one of them, or is that column in `known`.

        Beside a record that can be read, sentences are searched only for values that can mean nothing else.
        """
        given = [text for text in texts if text]
        read = [(text, parsed(text)) for text in given]
        records = [record for _, record in read if record is not None]
        sentences = [text for text, record in read if record is None]
        beside = known or {}
        return all(
            str(beside.get(column, "")) == value
            or any(record_quotes(record, column, value) for record in records)
            or ((not records or len(value) >= DISTINCT) and any(quotes(text, value) for text in sentences))
            for column, value in self.texts.items()
        )


def read_person(specs: Mapping[str, DatasetSpec], texts: Sequence[str]) -> Person:
    """Return the person that texts of the form `column=value` identify.

    Raises RequestRefused that names what is wrong: no such column in a landed table, no value, a value of another type.
    """
    found: dict[str, str] = {}
    for text in texts:
        column, sign, value = text.partition("=")
        if not sign or not value.strip():
            raise RequestRefused(f"{_shown(text)}: write it as column=value, for example client_id=c7")
        if column in found:
            raise RequestRefused(f"{_shown(column)}: is given twice; erase one person at a time")
        found[column] = value
    person = Person(found)
    if not landed_with(specs, person):
        raise RequestRefused(_unknown(specs, person))
    for spec in specs.values():
        if person.is_in(spec):
            person.where(spec)
    return person


def landed_with(specs: Mapping[str, DatasetSpec], person: Person) -> list[DatasetSpec]:
    """Return the landed datasets that have all of the person's columns, by name."""
    return [spec for _, spec in sorted(specs.items()) if spec.landing is not None and person.is_in(spec)]


def _unknown(specs: Mapping[str, DatasetSpec], person: Person) -> str:
    """Return why no landed table can hold rows of the person, with the column to give instead."""
    landed = {column for spec in specs.values() if spec.landing is not None for column in spec.columns}
    for column in person.columns:
        if column in landed:
            continue
        derived = sorted(name for name, spec in specs.items() if column in spec.columns)
        if derived:
            return (
                f"{_shown(column)}: only derived tables have this column ({', '.join(derived[:3])}). They follow their "
                f"inputs, so rows are erased in the landed tables: name a column of these, such as client_id"
            )
        near = difflib.get_close_matches(column, sorted(landed), n=1)
        return f"{_shown(column)}: no table has this column" + (f"; did you mean {near[0]}?" if near else "")
    return f"no landed table has all of the columns {', '.join(person.columns)}; erase by one of them at a time"


def _shown(text: str) -> str:
    return repr(printable(text[:60]))
