"""Read the `expectations` list: checks on all rows that a session wrote."""

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
_FORM_REMEDY = "write rows where CONDITION, row count, mean of COLUMN or distinct COLUMN"
_CONDITION_REMEDY = "write a comparison of columns, such as clicks > 100; see Conditions in docs/spec-language.md"


def read_expectations(item: Item, columns: Mapping[str, Column]) -> tuple[Expectation, ...]:
    """Return all expectations in the order of the file. Raises SpecError."""
    found: list[Expectation] = []
    for entry in read.items(item):
        expectation = _expectation(entry, columns)
        if any(
            (e.kind, e.condition, e.column) == (expectation.kind, expectation.condition, expectation.column)
            for e in found
        ):
            raise entry.error(
                f"the expectation {entry.value['expect'].shown} occurs twice", "merge the two, or remove one"
            )
        found.append(expectation)
    return tuple(found)


def _expectation(item: Item, columns: Mapping[str, Column]) -> Expectation:
    keys = read.block(item, KEYS, needed=("expect", "severity", "because"))
    kind, subject = _form(keys["expect"])
    severity = read.choice(keys["severity"], SEVERITIES)
    because = read.text(keys["because"])
    if kind == "rows_where":
        condition = _condition(keys["expect"], subject, columns)
        shows = _shows(keys["shows"], columns) if "shows" in keys else None
        return Expectation(kind, severity, because, condition=condition, at_most=_share(item), shows=shows)
    if "shows" in keys:
        raise keys["shows"].error(
            "shows is only for rows where", "remove it: this expectation does not look at single rows"
        )
    column = None if kind == "row_count" else _column(keys["expect"], kind, subject, columns)
    low, high = _bounds(item)
    return Expectation(kind, severity, because, column=column, min=low, max=high)


def _form(item: Item) -> tuple[ExpectationKind, str]:
    line = " ".join(read.text(item).split())
    for kind, pattern in _FORMS:
        if found := pattern.fullmatch(line):
            return kind, found[1].strip()
    raise item.error(f"{item.shown} is not an expectation", _FORM_REMEDY)


def _condition(item: Item, condition: str, columns: Mapping[str, Column]) -> str:
    if not condition:
        raise item.error("rows where has no condition", "write an SQL condition, such as rows where clicks > 100")
    try:
        check_condition(condition, columns)
    except ValueError as error:
        raise item.error(f"the condition {condition[:60]} {error}", _CONDITION_REMEDY) from error
    return condition


def _column(item: Item, kind: ExpectationKind, name: str, columns: Mapping[str, Column]) -> str:
    column = columns.get(name)
    if column is None:
        problem = f"there is no column {name[:40]}" if name else "it names no column"
        raise item.error(f"{item.shown}: {problem}", f"name one of {', '.join(columns)}")
    if kind == "mean" and not is_number(parse_type(column.type)):
        raise item.error(f"column {name} has type {column.type}, which has no mean", "name a column of numbers")
    if kind == "distinct" and is_nested(parse_type(column.type)):
        raise item.error(
            f"column {name} has type {column.type}, whose values cannot be counted", "name a column of single values"
        )
    return name


def _shows(item: Item, columns: Mapping[str, Column]) -> str:
    name = read.text(item)
    if name not in columns:
        raise item.error(f"shows names {name[:60]}, which is not a column", f"name one of {', '.join(columns)}")
    return name


def _share(item: Item) -> float:
    for key in ("min", "max"):
        if key in item.value:
            raise item.value[key].error(
                f"rows where takes no {key}", "write at_most, the share of rows that may meet the condition"
            )
    if "at_most" not in item.value:
        return 0
    share = read.number(item.value["at_most"])
    if not 0 <= share < 1:
        raise item.value["at_most"].error(
            f"at_most is {share}", "write a share of rows: at least 0 and below 1, such as 0.02"
        )
    return share


def _bounds(item: Item) -> tuple[float | None, float | None]:
    if "at_most" in item.value:
        raise item.value["at_most"].error("at_most is only for rows where", "write min, max or both")
    low, high = (read.number(item.value[key]) if key in item.value else None for key in ("min", "max"))
    if low is None and high is None:
        raise item.error(f"{item.value['expect'].shown} has no bound", "add min:, max: or both")
    if low is not None and high is not None and low > high:
        raise item.value["min"].error(f"min {low} is above max {high}", "swap them")
    return low, high
