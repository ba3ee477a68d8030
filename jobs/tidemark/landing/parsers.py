"""Parsers: the part of landing that a domain supplies. A spec names its parser, and each Spark worker loads it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tidemark.errors import SpecError

Place = Mapping[str, Any]
Rows = Iterable[tuple[str, Mapping[str, Any]]]
TextReader = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Parser:
    """The functions of one parser.

    `parse(record, place)` yields pairs of a dataset's short name and the values of a row. It raises ValueError to
    refuse the record. `place` contains file_path, file_id, place (line or row), index (of a bulk action, or None),
    settings and file. The parser's module may define three more functions, where `<name>` is the parser's name:

    - `<name>_text()` is called once for each file. It returns a function that reads a line that is not JSON. This
      function returns the line's record, or None for a line without one, such as a header. It raises ValueError to
      refuse the line.
    - `<name>_document(value)` returns the records inside a JSON object, or None if the object is itself a record.
    - `<name>_file(records, place)` receives all records of a file before the first of them is parsed. What it returns
      is passed to `parse` as `place["file"]`. If this function is defined, each file is read twice.
    """

    parse: Callable[[Mapping[str, Any], Place], Rows]
    text: Callable[[], TextReader] | None
    document: Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]] | None] | None
    file: Callable[[Iterable[Mapping[str, Any]], Place], Any] | None


@lru_cache(maxsize=32)
def load_parser(entry: str) -> Parser:
    """Return the parser named `package.module:function`. Raises SpecError if it cannot be imported."""
    name, _, function = entry.partition(":")
    try:
        module = importlib.import_module(name)
        parse = getattr(module, function)
    except (ImportError, AttributeError) as error:
        raise SpecError(f"landing: parser {entry} cannot be loaded: {error}; correct landing.parser") from error
    return Parser(parse, *(getattr(module, f"{function}_{part}", None) for part in ("text", "document", "file")))
