"""Reading the `columns` block."""

from __future__ import annotations

from typing import Any

from tidemark.spec.column_types import ColumnType, is_number, parse_type
from tidemark.spec.model import Column
from tidemark.spec.parse import values as read
from tidemark.spec.parse.document import Item

KEYS = ("type", "required", "means", "unit", "min", "max", "one_of", "max_length")


def read_columns(item: Item) -> dict[str, Column]:
    """All columns in their order. Raises SpecError."""
    if not isinstance(item.value, dict) or not item.value:
        raise item.wrong(f"columns is {item.shown}", "write one key a column: name: {type: string, means: ...}")
    return {read.name_of(entry, name): _column(name, entry) for name, entry in item.value.items()}


def _column(name: str, item: Item) -> Column:
    _see_type_whole(item)
    keys = read.block(item, KEYS, needed=("type", "means"))
    kind = _type(keys["type"])
    bounds = {key: _bound(keys[key], kind) for key in ("min", "max") if key in keys}
    if len(bounds) == 2 and bounds["min"] > bounds["max"]:
        raise keys["min"].wrong(f"{item.name}: min {bounds['min']} is above max {bounds['max']}", "swap them")
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


def _see_type_whole(item: Item) -> None:
    """A type with a comma falls apart into keys without quotes: say so before the keys are looked at."""
    kind = item.value.get("type") if isinstance(item.value, dict) else None
    if kind is not None and isinstance(kind.value, str) and kind.value.startswith(("map<", "decimal(")):
        _type(kind)


def _type(item: Item) -> ColumnType:
    try:
        return parse_type(read.text(item))
    except ValueError as error:
        raise item.wrong(f"{item.name} is {item.shown}", str(error)) from error


def _means(item: Item) -> str:
    means = " ".join(read.text(item).split())
    if means.endswith("]"):
        raise item.wrong(f"{item.name} ends with ]", "what stands in [] at the end is the unit: write it in unit:")
    return means


def _unit(item: Item) -> str:
    unit = read.text(item)
    if set(unit) & set("[]\n"):
        raise item.wrong(f"{item.name} is {item.shown}", "write a short unit without [ and ], such as ms or count")
    return unit


def _bound(item: Item, kind: ColumnType) -> float:
    if not is_number(kind):
        raise item.wrong(
            f"{item.name} bounds a {kind}", "min and max are for numbers; remove it, or write an expectation"
        )
    return read.number(item)


def _one_of(item: Item, kind: ColumnType) -> tuple[Any, ...]:
    wanted = {"string": str, "int": int, "long": int}.get(str(kind))
    if wanted is None:
        raise item.wrong(
            f"{item.name} lists values of a {kind}",
            "one_of is for string, int and long; write an expectation",
        )
    found: list[Any] = []
    for entry in read.items(item):
        if type(entry.value) is not wanted:
            raise entry.wrong(f"{item.name} holds {entry.shown}, not a {kind}", "write it as one, a text in quotes")
        if entry.value in found:
            raise entry.wrong(f"{item.name} holds {entry.shown} twice", "remove one")
        found.append(entry.value)
    if not found:
        raise item.wrong(f"{item.name} is an empty list", "name the values, or remove one_of")
    return tuple(found)


def _max_length(item: Item, kind: ColumnType) -> int:
    if str(kind) != "string":
        raise item.wrong(f"{item.name} measures a {kind}", "max_length is for string; remove it")
    return read.whole(item, least=1)
