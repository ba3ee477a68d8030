"""A YAML file as values that know their place, so that each refusal can name file and line.

Only the safe part of YAML is read, and less of it: no aliases, no tags of other languages, no duplicate keys,
no deep nesting, no large file. The C scanner is used where it is there.
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

LARGEST = 1 << 20
"""Bytes of a spec file; the longest that people write have a few thousand."""
MAX_NESTING = 12
"""Levels of nesting; a spec needs five. The scanner itself fails on very deep files."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp"))
_PLAIN = {f"tag:yaml.org,2002:{name}": "tag:yaml.org,2002:str" for name in ("merge", "value")}
"""`<<` and `=` are texts here: a spec merges nothing."""

_UNREADABLE = (ValueError, KeyError, IndexError, AttributeError, OverflowError)
"""What YAML's own readers of single values raise for a text that is no value of its tag."""

Scalar = str | int | float | bool | date | None


@dataclass(frozen=True)
class Item:
    """One value and where it stands. `name` is its dotted place in the file, `line` the line of its key.

    `value` is a scalar, a list of items, or a dict of items.
    """

    value: Any
    path: Path
    line: int
    name: str

    def wrong(self, what: str, remedy: str) -> SpecError:
        """The error to raise about this value."""
        return SpecError(f"{self.path}:{self.line}: {printable(what)}; {remedy}")

    @property
    def shown(self) -> str:
        """The value for an error message, cut."""
        kind = {dict: "a block of keys", list: "a list", type(None): "empty"}.get(type(self.value))
        text = kind or repr(self.value if isinstance(self.value, str | bool | int | float) else str(self.value))
        return text if len(text) <= 60 else text[:59] + "…"


def read_document(path: Path) -> Item:
    """The whole file as one item, a dict. Raises SpecError."""
    text = _read_text(path)
    top = Item(None, path, 1, "")
    try:
        events = yaml.parse(text, Loader=_LOADER)
        item = _Reader(path, events).document()
    except yaml.MarkedYAMLError as error:
        raise _unreadable(top, error) from error
    except yaml.YAMLError as error:
        raise top.wrong(f"not readable as YAML: {error}", "correct the file") from error
    if not isinstance(item.value, dict):
        raise item.wrong("expected keys and values", "begin the file with dataset: namespace.name")
    return item


def _read_text(path: Path) -> str:
    top = Item(None, path, 1, "")
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise top.wrong("larger than 1 MB", "a spec describes one dataset in a few thousand letters; cut it down")
        return content.decode("utf-8")
    except OSError as error:
        raise top.wrong(f"cannot be read: {error.strerror}", "correct the path or the file's permissions") from error
    except UnicodeDecodeError as error:
        raise top.wrong("not UTF-8", "save the file as UTF-8") from error


def _unreadable(top: Item, error: yaml.MarkedYAMLError) -> SpecError:
    mark = error.problem_mark
    place = Item(None, top.path, mark.line + 1 if mark else 1, "")
    return place.wrong(
        f"not readable as YAML: {error.problem or error.context}",
        "correct the line, or put its text in quotes",
    )


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1


class _Reader:
    """Builds items from YAML's events, one pass, refusing on the way what a spec may not hold."""

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
                raise self._at(event, "").wrong("a second document begins", "write one dataset a file")

    def _at(self, event: yaml.Event, name: str) -> Item:
        return Item(None, self.path, _line(event), name)

    def _item(self, event: yaml.Event, name: str, line: int, levels: int) -> Item:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._at(event, name).wrong("anchors and aliases are not read", "write the value out")
        if isinstance(event, yaml.ScalarEvent):
            return Item(self._scalar(event, name), self.path, line, name)
        if not levels:
            raise self._at(event, name).wrong(f"nested more than {MAX_NESTING} levels deep", "flatten it")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._at(event, name).wrong(f"the tag {tag[:40]} is not read", "remove it")
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
                raise self._at(event, name).wrong(f"the key {key} stands twice, first in line {first}", "remove one")
            inner = f"{name}.{key}" if name else key
            items[key] = self._item(next(self.events), inner, _line(event), levels - 1)
        return items

    def _key(self, event: yaml.Event, name: str) -> str:
        key = self._item(event, name, _line(event), 0)
        if not isinstance(key.value, str):
            raise key.wrong(f"the key {key.shown} is not a text", "put it in quotes")
        return key.value

    def _scalar(self, event: yaml.ScalarEvent, name: str) -> Scalar:
        tag = event.tag or self.scalars.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag in _PLAIN:
            tag = _PLAIN[tag]
        if tag not in _TAGS:
            raise self._at(event, name).wrong(f"the tag {tag[:40]} is not read", "remove it")
        try:
            value: Scalar = self.scalars.construct_object(yaml.ScalarNode(tag, event.value))
        except (yaml.YAMLError, *_UNREADABLE) as error:
            text = event.value[:40]
            raise self._at(event, name).wrong(f"{text!r} cannot be read", "put it in quotes if it is a text") from error
        return value
