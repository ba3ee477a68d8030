"""The domain's side of landing: a parser is named by its spec and found by name, on the worker too."""

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
    """`parse(record, place)` yields (dataset, values), the dataset by its short name; ValueError refuses.

    `place` holds file_path, file_id, place (line or row), index (of a bulk action, or None), settings and file. Three
    functions may stand beside it:

    - `<name>_text()` gives for each file a function from a line that is not JSON to its record; a line that holds no
      record, such as a header, gives None, and ValueError refuses a line;
    - `<name>_document(value)` says which records are in a JSON object that is none itself (None: it is one);
    - `<name>_file(records, place)` reads the records of a whole file before the first of them is parsed, and what it
      returns is `place["file"]` for each of them. Such a file is read twice.
    """

    parse: Callable[[Mapping[str, Any], Place], Rows]
    text: Callable[[], TextReader] | None
    document: Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]] | None] | None
    file: Callable[[Iterable[Mapping[str, Any]], Place], Any] | None


@lru_cache(maxsize=32)
def load_parser(entry: str) -> Parser:
    """The parser named `package.module:function`. Raises SpecError where it cannot be found."""
    name, _, function = entry.partition(":")
    try:
        module = importlib.import_module(name)
        parse = getattr(module, function)
    except (ImportError, AttributeError) as error:
        raise SpecError(f"landing: parser {entry} cannot be loaded: {error}; correct its name") from error
    return Parser(parse, *(getattr(module, f"{function}_{part}", None) for part in ("text", "document", "file")))
