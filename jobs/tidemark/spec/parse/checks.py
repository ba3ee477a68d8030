"""Reading the `expectations` list: checks of a whole session's rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidemark.spec.column_types import is_nested, is_number, parse_type
from tidemark.spec.model import Column, Expectation, ExpectationKind, Severity
from tidemark.spec.parse import values as read
from tidemark.spec.parse.conditions import check_condition
from tidemark.spec.parse.document import Item

KEYS = ("expect", "at_most", "min", "max", "severity", "because", "shows")
SEVERITIES: tuple[Severity, ...] = ("fail", "warn")
_FORMS: tuple[tuple[ExpectationKind, re.Pattern[str]], ...] = (
    ("rows_where", re.compile(r"rows where\b\s*(.*)", re.DOTALL)),
    ("row_count", re.compile(r"row count()")),
    ("mean", re.compile(r"mean of\b\s*(.*)")),
    ("distinct", re.compile(r"distinct\b\s*(.*)")),
)
_UNDERSTOOD = "write rows where CONDITION, row count, mean of COLUMN or distinct COLUMN"
_ALLOWED = "write a comparison of columns as docs/spec-language.md, Conditions, allows, such as clicks > 100"


def read_expectations(item: Item, columns: Mapping[str, Column]) -> tuple[Expectation, ...]:
    """All expectations in their order. Raises SpecError."""
    found: list[Expectation] = []
    for entry in read.items(item):
        expectation = _expectation(entry, columns)
        if any(
            (e.kind, e.condition, e.column) == (expectation.kind, expectation.condition, expectation.column)
            for e in found
        ):
            raise entry.wrong(f"{entry.value['expect'].shown} is expected twice", "join the two, or remove one")
        found.append(expectation)
    return tuple(found)


def _expectation(item: Item, columns: Mapping[str, Column]) -> Expectation:
    keys = read.block(item, KEYS, needed=("expect", "severity", "because"))
    kind, subject = _form(keys["expect"])
    severity = read.choice(keys["severity"], SEVERITIES)
    because = read.text(keys["because"])
    if kind == "rows_where":
        condition = _condition(keys["expect"], subject, columns)
        shows = _shown(keys["shows"], columns) if "shows" in keys else None
        return Expectation(kind, severity, because, condition=condition, at_most=_share(item), shows=shows)
    if "shows" in keys:
        raise keys["shows"].wrong("shows is for rows where", "remove it: no single rows are found here")
    column = None if kind == "row_count" else _column(keys["expect"], kind, subject, columns)
    least, most = _bounds(item)
    return Expectation(kind, severity, because, column=column, min=least, max=most)


def _form(item: Item) -> tuple[ExpectationKind, str]:
    line = " ".join(read.text(item).split())
    for kind, pattern in _FORMS:
        if found := pattern.fullmatch(line):
            return kind, found[1].strip()
    raise item.wrong(f"{item.shown} is not understood", _UNDERSTOOD)


def _condition(item: Item, condition: str, columns: Mapping[str, Column]) -> str:
    if not condition:
        raise item.wrong("rows where has no condition", "write an SQL condition, such as rows where clicks > 100")
    try:
        check_condition(condition, columns)
    except ValueError as error:
        raise item.wrong(f"the condition {condition[:60]} {error}", _ALLOWED) from error
    return condition


def _column(item: Item, kind: ExpectationKind, name: str, columns: Mapping[str, Column]) -> str:
    column = columns.get(name)
    if column is None:
        raise item.wrong(
            f"{item.shown}: there is no column {name[:40] or 'named'}", f"name one of {', '.join(columns)}"
        )
    if kind == "mean" and not is_number(parse_type(column.type)):
        raise item.wrong(f"{name} is a {column.type} and has no mean", "name a column of numbers")
    if kind == "distinct" and is_nested(parse_type(column.type)):
        raise item.wrong(f"values of {name}, a {column.type}, are not counted", "name a column of single values")
    return name


def _shown(item: Item, columns: Mapping[str, Column]) -> str:
    name = read.text(item)
    if name not in columns:
        raise item.wrong(f"shows names {name[:60]}, which is no column", f"name one of {', '.join(columns)}")
    return name


def _share(item: Item) -> float:
    for key in ("min", "max"):
        if key in item.value:
            raise item.value[key].wrong(f"rows where has no {key}", "write at_most, the share of rows that may be so")
    if "at_most" not in item.value:
        return 0
    share = read.number(item.value["at_most"])
    if not 0 <= share < 1:
        raise item.value["at_most"].wrong(
            f"at_most is {share}", "write a share of rows, from 0 to below 1, such as 0.02"
        )
    return share


def _bounds(item: Item) -> tuple[float | None, float | None]:
    if "at_most" in item.value:
        raise item.value["at_most"].wrong("at_most is for rows where", "write min, max or both")
    least, most = (read.number(item.value[key]) if key in item.value else None for key in ("min", "max"))
    if least is None and most is None:
        raise item.wrong(f"{item.value['expect'].shown} has no bound", "add min:, max: or both")
    if least is not None and most is not None and least > most:
        raise item.value["min"].wrong(f"min {least} is above max {most}", "swap them")
    return least, most
