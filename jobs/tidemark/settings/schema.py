"""Check settings files against the JSON Schema beside the shared values. Each file is checked alone, then both.

A schema is written as YAML. It requires no key, so that a home's file may hold only what differs. The `description` of
a part says what to write there; error messages show it. They do not show a value that is marked as `writeOnly`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tidemark.errors import SettingsError
from tidemark.settings.file import parse_settings, read_text, shown, unknown_key
from tidemark.support.text import printable


@dataclass(frozen=True)
class Schema:
    """The schema of settings files. If there is no schema file, `validator` is None and every value is allowed."""

    path: Path
    validator: Any = None


def read_schema(values_file: Path) -> Schema:
    """Read the schema of a values file: `search.schema.yaml` beside `search.yaml`. Raises SettingsError."""
    path = values_file.with_name(f"{values_file.stem}.schema.yaml")
    return Schema(path, _validator(read_text(path), path)) if path.exists() else Schema(path)


def check_values(values: Mapping[str, Any], path: Path, schema: Schema) -> None:
    """Check the values of the file `path` against the schema. Raises SettingsError for the first wrong one."""
    if schema.validator is None:
        return
    for error in _errors(values, schema):
        place = _place(values, error.absolute_path)
        raise SettingsError(f"{path}: {_describe_unknown_key(error, place, schema.path) or _describe(error, place)}")


def _errors(values: Mapping[str, Any], schema: Schema) -> Iterator[Any]:
    from referencing.exceptions import Unresolvable

    try:
        yield from schema.validator.iter_errors(values)
    except (Unresolvable, TypeError) as error:
        raise _invalid_schema(schema.path, str(error)) from error


def _invalid_schema(path: Path, problem: str) -> SettingsError:
    return SettingsError(f"{path}: not a JSON Schema: {printable(problem)[:200]}; correct the file")


@lru_cache(maxsize=4)
def _validator(text: str, path: Path) -> Any:
    """Return a validator for the schema that the text of a file describes. It fetches no references to other documents.

    It is kept, because to check a schema takes several times as long as to check values, and a process that serves
    pages reads its settings for each request.
    """
    # Imported here: DAG files read settings each time they are parsed.
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import extend
    from referencing import Registry

    schema = parse_settings(text, path)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _invalid_schema(path, error.message) from error
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    return extend(Draft202012Validator, type_checker=types)(schema, registry=Registry())


def _is_integer(_: Any, value: Any) -> bool:
    """JSON Schema counts 1.0 as an integer, but code that uses the value, such as `range`, does not accept it."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    """NaN and the infinities are not numbers: YAML has them, but JSON does not."""
    return _is_integer(_, value) or (isinstance(value, float) and math.isfinite(value))


def _describe_unknown_key(error: Any, place: str, schema_file: Path) -> str | None:
    """Return the sentence about a key that is not allowed in its block; None for any other error."""
    if error.validator != "additionalProperties" or error.validator_value is not False:
        return None
    known = list(error.schema.get("properties", {}))
    hint = "" if place else f". To add a setting of your own, describe it in {schema_file}"
    return unknown_key(next(key for key in error.instance if key not in known), known, place) + hint


def _describe(error: Any, place: str) -> str:
    """Return the sentence about a wrong value or key: what it is, and what to write."""
    is_key = "propertyNames" in error.absolute_schema_path
    value = "not accepted (the value is not shown)" if error.schema.get("writeOnly") else shown(error.instance)
    found = f"{place} has the key {shown(error.instance)}" if is_key else f"{place} is {value}"
    rule = printable(f"a value that fits {error.validator}: {error.validator_value}")[:200]
    return f"{found}; write {error.schema.get('description') or rule}"


def _place(values: Any, path: Iterable[Any]) -> str:
    """Return the dotted place of a value. An item of a list is named by its number, counted from 1."""
    place = ""
    for part in path:
        place += f"[{part + 1}]" if isinstance(values, list) else f".{printable(str(part))[:40]}"
        values = values[part]
    return place.removeprefix(".")
