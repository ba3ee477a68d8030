"""Read a YAML file into values that know their file and line, so that each error message can name both.

Only a part of safe YAML is accepted: no aliases, no tags but those of plain values, no duplicate keys, no deep nesting,
no large files. The C scanner is used if it is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tidemark.errors import SpecError
from tidemark.support.text import printable

MAX_BYTES = 1 << 20
"""The largest spec file. Long specs have a few thousand bytes."""
MAX_NESTING = 12
"""The most levels of nesting. A spec needs five, and the YAML scanner itself fails on very deep files."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp"))
_PLAIN = {f"tag:yaml.org,2002:{name}": "tag:yaml.org,2002:str" for name in ("merge", "value")}
"""`<<` and `=` are read as texts, because specs have no merge keys."""

_UNREADABLE = (ValueError, KeyError, IndexError, AttributeError, OverflowError)
"""What PyYAML raises if a text is not a valid value of its tag."""

Scalar = str | int | float | bool | date | None


@dataclass(frozen=True)
class Item:
    """One value and its place. `name` is its dotted path in the file, `line` the line of its key.

    `value` is a scalar, a list of items, or a dict of items.
    """

    value: Any
    path: Path
    line: int
    name: str

    def error(self, problem: str, remedy: str) -> SpecError:
        """Return the error to raise about this value: its file and line, the problem, the remedy."""
        return SpecError(f"{self.path}:{self.line}: {printable(problem)}; {remedy}")

    @property
    def shown(self) -> str:
        """The value for an error message, at most 60 characters long."""
        kind = {dict: "a block of keys", list: "a list", type(None): "empty"}.get(type(self.value))
        text = kind or repr(self.value if isinstance(self.value, str | bool | int | float) else str(self.value))
        return text if len(text) <= 60 else text[:59] + "…"


def read_document(path: Path) -> Item:
    """Return the whole file as one item whose value is a dict. Raises SpecError."""
    text = _read_text(path)
    top = Item(None, path, 1, "")
    try:
        events = yaml.parse(text, Loader=_LOADER)
        item = _Reader(path, events).document()
    except yaml.MarkedYAMLError as error:
        raise _unreadable(top, error) from error
    except yaml.YAMLError as error:
        raise top.error(f"cannot be read as YAML: {error}", "correct the file") from error
    if not isinstance(item.value, dict):
        raise item.error("the file has no keys", "begin it with dataset: namespace.name")
    return item


def _read_text(path: Path) -> str:
    top = Item(None, path, 1, "")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise top.error("the file is larger than 1 MB", "shorten it: a spec describes one dataset")
        return content.decode("utf-8")
    except OSError as error:
        raise top.error(f"cannot be read: {error.strerror}", "correct the path or the file's permissions") from error
    except UnicodeDecodeError as error:
        raise top.error("the file is not UTF-8", "save it as UTF-8") from error


def _unreadable(top: Item, error: yaml.MarkedYAMLError) -> SpecError:
    mark = error.problem_mark
    place = Item(None, top.path, mark.line + 1 if mark else 1, "")
    return place.error(
        f"cannot be read as YAML: {error.problem or error.context}",
        "correct the line, or put its text in quotes",
    )


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1


class _Reader:
    """Builds items from YAML's events in one pass, and refuses the parts of YAML that specs do not use."""

    def __init__(self, path: Path, events: Iterator[yaml.Event]) -> None:
        self.path = path
        self.events = events
        self.scalars: Any = yaml.SafeLoader("")

    def document(self) -> Item:
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                item = self._item(event, "", _line(event), MAX_NESTING)
                self._end()
                return item
        return Item(None, self.path, 1, "")

    def _end(self) -> None:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise self._at(event, "").error("a second document begins here", "write one dataset in each file")

    def _at(self, event: yaml.Event, name: str) -> Item:
        return Item(None, self.path, _line(event), name)

    def _item(self, event: yaml.Event, name: str, line: int, levels: int) -> Item:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._at(event, name).error("anchors and aliases are not supported", "write the value out")
        if isinstance(event, yaml.ScalarEvent):
            return Item(self._scalar(event, name), self.path, line, name)
        if not levels:
            raise self._at(event, name).error(f"nested more than {MAX_NESTING} levels deep", "flatten it")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._at(event, name).error(f"the tag {tag[:40]} is not supported", "remove it")
        if isinstance(event, yaml.SequenceStartEvent):
            return Item(self._list(name, levels), self.path, line, name)
        return Item(self._dict(name, levels), self.path, line, name)

    def _list(self, name: str, levels: int) -> list[Item]:
        items: list[Item] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._item(event, f"{name}[{len(items)}]", _line(event), levels - 1))
        return items

    def _dict(self, name: str, levels: int) -> dict[str, Item]:
        items: dict[str, Item] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, name)
            if key in items:
                first = items[key].line
                raise self._at(event, name).error(f"the key {key} occurs twice, first in line {first}", "remove one")
            inner = f"{name}.{key}" if name else key
            items[key] = self._item(next(self.events), inner, _line(event), levels - 1)
        return items

    def _key(self, event: yaml.Event, name: str) -> str:
        key = self._item(event, name, _line(event), 0)
        if not isinstance(key.value, str):
            raise key.error(f"the key {key.shown} is not a text", "put it in quotes")
        return key.value

    def _scalar(self, event: yaml.ScalarEvent, name: str) -> Scalar:
        tag = event.tag or self.scalars.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag in _PLAIN:
            tag = _PLAIN[tag]
        if tag not in _TAGS:
            raise self._at(event, name).error(f"the tag {tag[:40]} is not supported", "remove it")
        try:
            value: Scalar = self.scalars.construct_object(yaml.ScalarNode(tag, event.value))
        except (yaml.YAMLError, *_UNREADABLE) as error:
            text = event.value[:40]
            raise self._at(event, name).error(f"{text!r} cannot be read", "put it in quotes if it is a text") from error
        return value
