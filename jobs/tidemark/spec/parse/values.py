"""Reading single values of a spec: each function gives what it promises, or raises SpecError."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from tidemark.errors import SpecError
from tidemark.spec.durations import parse_duration
from tidemark.spec.parse.document import Item

NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
DATASET = re.compile(r"[a-z][a-z0-9_]{0,127}\.[a-z][a-z0-9_]{0,127}")
FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
_REFERENCE = re.compile(r"(-?)\$([A-Za-z_]\w*)", re.ASCII)
VALUES_FILE = "infra/search.yaml"
"""Where a value is added; which file a wrong one comes from is not known here (TIDEMARK_VALUES, a home's own)."""

Option = TypeVar("Option", bound=str)


def block(item: Item, known: Collection[str], needed: Iterable[str] = ()) -> dict[str, Item]:
    """The keys of a block, all of them known and the needed ones there."""
    if not isinstance(item.value, dict):
        raise item.wrong(f"{item.name} is {item.shown}, not a block of keys", f"write keys: {', '.join(known)}")
    for key, value in item.value.items():
        if key not in known:
            raise _unknown(item, key, value, known)
    for key in needed:
        if key not in item.value:
            raise item.wrong(f"{item.name or 'the spec'} has no {key}", f"add {key}:")
    return item.value


def _unknown(item: Item, key: str, value: Item, known: Collection[str]) -> SpecError:
    place = f" in {item.name}" if item.name else ""
    if value.value is None and (not key.isidentifier() or (item.name and value.line == item.line)):
        return value.wrong(f"{key[:40]!r} stands alone{place}", "put a text that holds a comma in quotes")
    near = difflib.get_close_matches(key, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return value.wrong(f"unknown key {key[:40]}{place}", remedy)


def text(item: Item) -> str:
    """A text that is not empty."""
    if isinstance(item.value, str) and item.value.strip():
        return item.value.strip()
    remedy = (
        "write a text" if item.value in (None, "") else "write a text; put it in quotes if it looks like something else"
    )
    raise item.wrong(f"{item.name} is {item.shown}", remedy)


def flag(item: Item) -> bool:
    """True or false."""
    if isinstance(item.value, bool):
        return item.value
    raise item.wrong(f"{item.name} is {item.shown}", "write true or false")


def number(item: Item) -> float:
    """A finite number; whole numbers stay whole."""
    value = item.value
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    raise item.wrong(f"{item.name} is {item.shown}, not a number", "write a number, such as 0 or 0.02")


def whole(item: Item, least: int) -> int:
    """A whole number, at least `least`."""
    value = number(item)
    if isinstance(value, int) and value >= least:
        return value
    raise item.wrong(f"{item.name} is {item.shown}", f"write a whole number, at least {least}")


def choice(item: Item, options: tuple[Option, ...]) -> Option:
    """One of the options."""
    for option in options:
        if item.value == option:
            return option
    raise item.wrong(f"{item.name} is {item.shown}", f"write one of {', '.join(options)}")


def items(item: Item) -> list[Item]:
    """The items of a list."""
    if isinstance(item.value, list):
        return item.value
    alone = isinstance(item.value, str) and 0 < len(item.value) <= 60
    raise item.wrong(f"{item.name} is {item.shown}, not a list", f"write it as [{item.value if alone else 'a, b'}]")


def texts(item: Item) -> tuple[str, ...]:
    """A list of different texts."""
    found: list[str] = []
    for entry in items(item):
        if text(entry) in found:
            raise entry.wrong(f"{item.name} names {entry.value} twice", "remove one")
        found.append(text(entry))
    return tuple(found)


def matching(item: Item, pattern: re.Pattern[str], remedy: str) -> str:
    """A text of a given form."""
    if pattern.fullmatch(text(item)):
        return text(item)
    raise item.wrong(f"{item.name} is {item.shown}", remedy)


def name_of(item: Item, name: str) -> str:
    """A name that stands as a key."""
    if NAME.fullmatch(name):
        return name
    raise item.wrong(f"{name[:40]!r} is no name", "use small letters, digits and _, beginning with a letter")


def dataset_name(item: Item) -> str:
    """A dataset's full name."""
    return matching(item, DATASET, "write namespace.name, in small letters, digits and _")


def function_name(item: Item) -> str:
    """The place of a function."""
    return matching(item, FUNCTION, "write package.module:function")


def duration(item: Item, values: Mapping[str, Any]) -> timedelta:
    """A duration, written out or as `$key` or `-$key` of the values."""
    written, said = item.value, ""
    if isinstance(written, str) and (found := _REFERENCE.fullmatch(written.strip())):
        sign, key = found.groups()
        value = _look_up(item, key, values)
        said = f" ({written} of the settings)"
        written = f"{sign}{value}".replace("--", "")
    try:
        return parse_duration(str(written))
    except SpecError as error:
        what, _, remedy = str(error).partition("; ")
        raise item.wrong(f"{item.name}{said}: {what}", remedy) from error


def positive_duration(item: Item, values: Mapping[str, Any], meaning: str) -> timedelta:
    """A duration longer than nothing; `meaning` says what it should be."""
    length = duration(item, values)
    if length <= timedelta(0):
        raise item.wrong(f"{item.name} is {item.shown}", f"write {meaning}")
    return length


def resolved(item: Item, values: Mapping[str, Any]) -> Any:
    """A value as plain data, each `$key` in it replaced by that key's value."""
    if isinstance(item.value, dict):
        return {key: resolved(entry, values) for key, entry in item.value.items()}
    if isinstance(item.value, list):
        return [resolved(entry, values) for entry in item.value]
    if isinstance(item.value, str) and item.value.startswith("$"):
        found = _REFERENCE.fullmatch(item.value)
        if found is None:
            raise item.wrong(
                f"{item.name} is {item.shown}", f"write $ and a key of {VALUES_FILE}, such as $label_horizon"
            )
        return _look_up(item, found[2], values)
    return item.value


def _look_up(item: Item, key: str, values: Mapping[str, Any]) -> Any:
    if key in values:
        return values[key]
    near = difflib.get_close_matches(key, list(values), n=1)
    hint = f" (did you mean ${near[0]}?)" if near else ""
    raise item.wrong(
        f"{item.name} names ${key}, and the settings have no key {key}{hint}",
        f"add {key}: to {VALUES_FILE} (or what TIDEMARK_VALUES names) or to search.yaml in TIDEMARK_HOME",
    )


def setting_names(item: Item, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Top-level keys of the values. A missing one is left to the transform's defaults, a slip is refused."""
    names = texts(item)
    for entry in item.value:
        near = difflib.get_close_matches(text(entry), list(values), n=1, cutoff=0.8)
        if text(entry) not in values and near:
            raise entry.wrong(f"the settings have no key {entry.value}", f"did you mean {near[0]}?")
    return names
