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


@dataclass(frozen=True)
class Parser:
    """`parse(record, place)` yields (dataset, values), the dataset by its short name; ValueError refuses.

    `place` holds file_path, file_id, place (line or row), index (of a bulk action, or None) and settings. Two
    functions may stand beside it: `<name>_text(line)` makes a record of a line that is not JSON, and
    `<name>_document(value)` says which records are in a JSON object that is none itself (None: it is one).
    """

    parse: Callable[[Mapping[str, Any], Place], Rows]
    text: Callable[[str], Mapping[str, Any]] | None
    document: Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]] | None] | None


@lru_cache(maxsize=32)
def load_parser(entry: str) -> Parser:
    """The parser named `package.module:function`. Raises SpecError where it cannot be found."""
    name, _, function = entry.partition(":")
    try:
        module = importlib.import_module(name)
        parse = getattr(module, function)
    except (ImportError, AttributeError) as error:
        raise SpecError(f"landing: parser {entry} cannot be loaded: {error}; correct its name") from error
    return Parser(parse, getattr(module, f"{function}_text", None), getattr(module, f"{function}_document", None))
