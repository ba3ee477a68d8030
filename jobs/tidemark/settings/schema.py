"""Checking a settings file against the JSON Schema beside the values: each file alone, before one goes over the other.

A schema is written as YAML. Nothing in it is needed, so that a home's file may say just what differs; the
`description` of a part says what to write there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemark.errors import SettingsError
from tidemark.settings.file import read_settings, shown, unknown_key
from tidemark.support.text import printable


@dataclass(frozen=True)
class Schema:
    """What settings files may say. `validator` is None where nobody has written it down: then they may say all."""

    path: Path
    validator: Any = None


def read_schema(values_file: Path) -> Schema:
    """The schema of a values file: `search.schema.yaml` beside `search.yaml`. Raises SettingsError."""
    path = values_file.with_name(f"{values_file.stem}.schema.yaml")
    return Schema(path, _validator(read_settings(path), path)) if path.exists() else Schema(path)


def check_values(values: Mapping[str, Any], path: Path, schema: Schema) -> None:
    """See that the values of the file `path` are what the schema says. Raises SettingsError for the first other one."""
    if schema.validator is None:
        return
    for error in _errors(values, schema):
        place = _place(values, error.absolute_path)
        raise SettingsError(f"{path}: {_unknown(error, place, schema.path) or _wrong(error, place)}")


def _errors(values: Mapping[str, Any], schema: Schema) -> Iterator[Any]:
    from referencing.exceptions import Unresolvable

    try:
        yield from schema.validator.iter_errors(values)
    except (Unresolvable, TypeError) as error:
        raise _no_schema(schema.path, str(error)) from error


def _no_schema(path: Path, what: str) -> SettingsError:
    return SettingsError(f"{path}: is no JSON Schema: {printable(what)[:200]}; correct the file")


def _validator(schema: Mapping[str, Any], path: Path) -> Any:
    """What checks values by the schema and reads nothing else: a reference to another place is not fetched."""
    from jsonschema import Draft202012Validator, SchemaError  # here: DAG files, parsed again and again, read settings
    from jsonschema.validators import extend
    from referencing import Registry

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _no_schema(path, error.message) from error
    kinds = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_whole, "number": _is_number})
    return extend(Draft202012Validator, type_checker=kinds)(schema, registry=Registry())


def _is_whole(_: Any, value: Any) -> bool:
    """JSON Schema takes 1.0 for whole; what is given to `limit` and `range` is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    """JSON has no NaN and no infinity; YAML has both."""
    return _is_whole(_, value) or (isinstance(value, float) and math.isfinite(value))


def _unknown(error: Any, place: str, schema_file: Path) -> str | None:
    """The sentence about a key that a closed block does not have; None for another error."""
    if error.validator != "additionalProperties" or error.validator_value is not False:
        return None
    known = list(error.schema.get("properties", {}))
    more = "" if place else f". A setting of your own needs a line in {schema_file}"
    return unknown_key(next(key for key in error.instance if key not in known), known, place) + more


def _wrong(error: Any, place: str) -> str:
    is_key = "propertyNames" in error.absolute_schema_path
    what = f"{place} has the key {shown(error.instance)}" if is_key else f"{place} is {shown(error.instance)}"
    asked = error.schema.get("description") or printable(f"what fits {error.validator}: {error.validator_value}")[:200]
    return f"{what}; write {asked}"


def _place(values: Any, path: Iterable[Any]) -> str:
    """The dotted place of a value; an item of a list by its number, from 1."""
    place = ""
    for part in path:
        place += f"[{part + 1}]" if isinstance(values, list) else f".{printable(str(part))[:40]}"
        values = values[part]
    return place.removeprefix(".")
