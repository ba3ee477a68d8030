"""Read single values of a spec. Each function returns a value of the kind it is named after, or raises SpecError."""

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
"""The file that messages name for adding a value. Values may also come from TIDEMARK_VALUES or from `search.yaml` in
a home; this module does not know from which."""

Option = TypeVar("Option", bound=str)


def block(item: Item, known: Collection[str], needed: Iterable[str] = ()) -> dict[str, Item]:
    """Return the keys of a block. Refuse an unknown key, and a block in which a needed key is missing."""
    if not isinstance(item.value, dict):
        raise item.error(f"{item.name} is {item.shown}, not a block of keys", f"write keys: {', '.join(known)}")
    for key, value in item.value.items():
        if key not in known:
            raise _unknown(item, key, value, known)
    for key in needed:
        if key not in item.value:
            raise item.error(f"{item.name or 'the spec'} has no {key}", f"add {key}:")
    return item.value


def _unknown(item: Item, key: str, value: Item, known: Collection[str]) -> SpecError:
    place = f" in {item.name}" if item.name else ""
    if value.value is None and (not key.isidentifier() or (item.name and value.line == item.line)):
        return value.error(f"the key {key[:40]!r}{place} has no value", "if a text contains a comma, put it in quotes")
    near = difflib.get_close_matches(key, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return value.error(f"unknown key {key[:40]}{place}", remedy)


def text(item: Item) -> str:
    """Return a text that is not empty, without spaces at its ends."""
    if isinstance(item.value, str) and item.value.strip():
        return item.value.strip()
    quotes = "; put it in quotes if YAML reads it as another type"
    raise item.error(f"{item.name} is {item.shown}", f"write a text{'' if item.value in (None, '') else quotes}")


def flag(item: Item) -> bool:
    """Return true or false."""
    if isinstance(item.value, bool):
        return item.value
    raise item.error(f"{item.name} is {item.shown}", "write true or false")


def number(item: Item) -> float:
    """Return a finite number. A whole number stays an int."""
    value = item.value
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    raise item.error(f"{item.name} is {item.shown}, not a number", "write a number, such as 0 or 0.02")


def whole_number(item: Item, at_least: int) -> int:
    """Return a whole number that is not below `at_least`."""
    value = number(item)
    if isinstance(value, int) and value >= at_least:
        return value
    raise item.error(f"{item.name} is {item.shown}", f"write a whole number, at least {at_least}")


def choice(item: Item, options: tuple[Option, ...]) -> Option:
    """Return one of the options."""
    for option in options:
        if item.value == option:
            return option
    raise item.error(f"{item.name} is {item.shown}", f"write one of {', '.join(options)}")


def items(item: Item) -> list[Item]:
    """Return the items of a list."""
    if isinstance(item.value, list):
        return item.value
    is_single = isinstance(item.value, str) and 0 < len(item.value) <= 60
    raise item.error(f"{item.name} is {item.shown}, not a list", f"write it as [{item.value if is_single else 'a, b'}]")


def texts(item: Item) -> tuple[str, ...]:
    """Return a list of texts in which no text occurs twice."""
    found: list[str] = []
    for entry in items(item):
        if text(entry) in found:
            raise entry.error(f"{item.name} names {entry.value} twice", "remove one")
        found.append(text(entry))
    return tuple(found)


def matching_text(item: Item, pattern: re.Pattern[str], remedy: str) -> str:
    """Return a text that matches the pattern as a whole."""
    if pattern.fullmatch(text(item)):
        return text(item)
    raise item.error(f"{item.name} is {item.shown}", remedy)


def name_of(item: Item, name: str) -> str:
    """Return the name under which an item is listed: a key of its block."""
    if NAME.fullmatch(name):
        return name
    raise item.error(
        f"{name[:40]!r} is not a valid name", "use lower-case letters, digits and _, beginning with a letter"
    )


def dataset_name(item: Item) -> str:
    """Return a dataset's full name."""
    return matching_text(item, DATASET, "write namespace.name, in lower-case letters, digits and _")


def function_name(item: Item) -> str:
    """Return a function's name in the form `package.module:function`."""
    return matching_text(item, FUNCTION, "write package.module:function")


def duration(item: Item, values: Mapping[str, Any]) -> timedelta:
    """Return a duration. It is written out, or as `$key` or `-$key`, which refers to one of the values."""
    written, origin = item.value, ""
    if isinstance(written, str) and (found := _REFERENCE.fullmatch(written.strip())):
        sign, key = found.groups()
        value = _look_up(item, key, values)
        origin = f" ({written} from the settings)"
        written = f"{sign}{value}".replace("--", "")
    try:
        return parse_duration(str(written))
    except SpecError as error:
        problem, _, remedy = str(error).partition("; ")
        raise item.error(f"{item.name}{origin}: {problem}", remedy) from error


def positive_duration(item: Item, values: Mapping[str, Any], meaning: str) -> timedelta:
    """Return a duration above zero. `meaning` says in the remedy what the duration stands for."""
    length = duration(item, values)
    if length <= timedelta(0):
        raise item.error(f"{item.name} is {item.shown}", f"write {meaning}")
    return length


def resolved(item: Item, values: Mapping[str, Any]) -> Any:
    """Return a value as plain data, in which each `$key` is replaced by that key's value."""
    if isinstance(item.value, dict):
        return {key: resolved(entry, values) for key, entry in item.value.items()}
    if isinstance(item.value, list):
        return [resolved(entry, values) for entry in item.value]
    if isinstance(item.value, str) and item.value.startswith("$"):
        found = _REFERENCE.fullmatch(item.value)
        if found is None:
            raise item.error(
                f"{item.name} is {item.shown}", f"write $ and a key of {VALUES_FILE}, such as $label_horizon"
            )
        return _look_up(item, found[2], values)
    return item.value


def _look_up(item: Item, key: str, values: Mapping[str, Any]) -> Any:
    if key in values:
        return values[key]
    near = difflib.get_close_matches(key, list(values), n=1)
    hint = f" (did you mean ${near[0]}?)" if near else ""
    raise item.error(
        f"{item.name} refers to ${key}, but the settings have no key {key}{hint}",
        f"add {key}: to {VALUES_FILE} (or to the file in TIDEMARK_VALUES), or to search.yaml in TIDEMARK_HOME",
    )


def setting_names(item: Item, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return names of top-level keys of the values.

    A key may be missing: the transform then uses its default. A missing key that resembles an existing one is
    refused as a spelling mistake.
    """
    names = texts(item)
    for entry in item.value:
        near = difflib.get_close_matches(text(entry), list(values), n=1, cutoff=0.8)
        if text(entry) not in values and near:
            raise entry.error(f"the settings have no key {entry.value}", f"did you mean {near[0]}?")
    return names
