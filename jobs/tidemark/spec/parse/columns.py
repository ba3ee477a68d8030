"""Read the `columns` block."""

from __future__ import annotations

from typing import Any

from tidemark.spec.column_types import ColumnType, is_number, parse_type
from tidemark.spec.model import Column
from tidemark.spec.parse import values as read
from tidemark.spec.parse.document import Item

KEYS = ("type", "required", "means", "unit", "min", "max", "one_of", "max_length")


def read_columns(item: Item) -> dict[str, Column]:
    """Return all columns by name, in the order of the file. Raises SpecError."""
    if not isinstance(item.value, dict) or not item.value:
        raise item.error(f"columns is {item.shown}", "write one key for each column: name: {type: string, means: ...}")
    return {read.name_of(entry, name): _column(name, entry) for name, entry in item.value.items()}


def _column(name: str, item: Item) -> Column:
    _check_unquoted_type(item)
    keys = read.block(item, KEYS, needed=("type", "means"))
    kind = _type(keys["type"])
    bounds = {key: _bound(keys[key], kind) for key in ("min", "max") if key in keys}
    if len(bounds) == 2 and bounds["min"] > bounds["max"]:
        raise keys["min"].error(f"{item.name}: min {bounds['min']} is above max {bounds['max']}", "swap them")
    return Column(
        name=name,
        type=str(kind),
        means=_means(keys["means"]),
        required="required" in keys and read.flag(keys["required"]),
        unit=_unit(keys["unit"]) if "unit" in keys else None,
        min=bounds.get("min"),
        max=bounds.get("max"),
        one_of=_one_of(keys["one_of"], kind) if "one_of" in keys else None,
        max_length=_max_length(keys["max_length"], kind) if "max_length" in keys else None,
    )


def _check_unquoted_type(item: Item) -> None:
    """Refuse a type that is cut at its comma.

    In `{...}`, YAML ends an unquoted `map<string,double>` at the comma and takes the rest for a key. This check
    runs before the keys are checked, so that the author is told to add quotes.
    """
    kind = item.value.get("type") if isinstance(item.value, dict) else None
    if kind is not None and isinstance(kind.value, str) and kind.value.startswith(("map<", "decimal(")):
        _type(kind)


def _type(item: Item) -> ColumnType:
    try:
        return parse_type(read.text(item))
    except ValueError as error:
        raise item.error(f"{item.name} is {item.shown}", str(error)) from error


def _means(item: Item) -> str:
    means = " ".join(read.text(item).split())
    if means.endswith("]"):
        raise item.error(
            f"{item.name} ends with ]", "text in [] at the end is reserved for the unit: write it in unit:"
        )
    return means


def _unit(item: Item) -> str:
    unit = read.text(item)
    if set(unit) & set("[]\n"):
        raise item.error(f"{item.name} is {item.shown}", "write a short unit without [ and ], such as ms or count")
    return unit


def _bound(item: Item, kind: ColumnType) -> float:
    if not is_number(kind):
        raise item.error(
            f"{item.name}: the column's type is {kind}",
            "min and max are only for numbers: remove it, or write an expectation",
        )
    return read.number(item)


def _one_of(item: Item, kind: ColumnType) -> tuple[Any, ...]:
    wanted = {"string": str, "int": int, "long": int}.get(str(kind))
    if wanted is None:
        raise item.error(
            f"{item.name}: the column's type is {kind}",
            "one_of is only for string, int and long: remove it, or write an expectation",
        )
    found: list[Any] = []
    for entry in read.items(item):
        if type(entry.value) is not wanted:
            raise entry.error(
                f"{item.name} contains {entry.shown}, but the column's type is {kind}",
                "write values of that type; put a text in quotes",
            )
        if entry.value in found:
            raise entry.error(f"{item.name} contains {entry.shown} twice", "remove one")
        found.append(entry.value)
    if not found:
        raise item.error(f"{item.name} is an empty list", "list the allowed values, or remove one_of")
    return tuple(found)


def _max_length(item: Item, kind: ColumnType) -> int:
    if str(kind) != "string":
        raise item.error(f"{item.name}: the column's type is {kind}", "max_length is only for string: remove it")
    return read.whole_number(item, at_least=1)
