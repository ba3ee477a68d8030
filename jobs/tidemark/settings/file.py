"""Reading a settings file: YAML of which no part stands twice, points elsewhere, or has no end."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from tidemark.errors import SettingsError, SpecError
from tidemark.spec.durations import parse_duration

LARGEST = 1 << 20
"""Bytes of a settings file; the longest that people write have a few thousand."""
LONGEST_LINE = 1 << 30
"""Bytes that a line may be allowed to have; a worker holds it several times over."""
MAX_NESTING = 12
"""Levels of nesting; the settings need four, their schema nine."""
LANDING = ("settling", "future_tolerance", "earliest", "longest_line", "completeness")
"""Keys of the block that the loop itself reads."""


class _Loader(yaml.SafeLoader):
    """The safe part of YAML, without aliases and with every key once."""

    levels = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not read", problem_mark=event.start_mark)
        if self.levels > MAX_NESTING:
            raise yaml.MarkedYAMLError(problem=f"nested more than {MAX_NESTING} levels", problem_mark=event.start_mark)
        self.levels += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.levels -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        values = super().construct_mapping(node, deep=True)
        if len(values) < len(node.value):
            again = _second(node)
            what = f"the key {shown(again.value)} stands twice in its block"
            raise yaml.MarkedYAMLError(problem=what, problem_mark=again.start_mark)
        return values


def _second(node: yaml.MappingNode) -> yaml.Node:
    """The first key of a block that stood there before."""
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            return key  # type: ignore[no-any-return]
        seen.add(str(key.value))
    return node


def read_settings(path: Path) -> dict[str, Any]:
    """The keys and values of a file; none where it is not there. Raises SettingsError with place and remedy."""
    if not path.exists():
        return {}
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SettingsError(f"{path}: larger than 1 MB; settings have a few thousand letters, cut it down")
        values = _Loader(content.decode("utf-8")).get_single_data() or {}
    except (yaml.YAMLError, OSError, *_UNREADABLE) as error:
        what = " ".join(str(error).replace('in "<unicode string>", ', "").split())[:300]
        raise SettingsError(f"{path}: cannot be read: {what}; correct the file") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise SettingsError(f"{path}: expected keys and values at the top level; correct the file")
    return values


_UNREADABLE = (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError, RecursionError)
"""What YAML's own readers of single values raise for a value that is none of its kind."""


def overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base`, each key replaced by that of `over`; mappings are merged one level deep."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def check_landing(values: Mapping[str, Any], path: Path) -> None:
    """See that the keys of `landing`, which the loop itself reads, are what they should be. Raises SettingsError.

    `path` is the file that holds the values; each file is looked at alone, so that the right one is named.
    """
    landing = values.get("landing", {})
    if not isinstance(landing, dict):
        raise SettingsError(f"{path}: landing is no block of keys; write landing: {{settling: 15m}}")
    for key in landing:
        if key not in LANDING:
            raise SettingsError(f"{path}: {unknown_key(key, LANDING, 'landing')}")
    if landing.get("settling") is not None:  # empty leaves it to each source
        _check_duration("settling", landing["settling"], path)
    if "earliest" in landing:
        _check_day("earliest", landing["earliest"], path)
    if "future_tolerance" in landing:
        _check_duration("future_tolerance", landing["future_tolerance"], path)
    longest = landing.get("longest_line", 1)
    if type(longest) is not int or not 1 <= longest <= LONGEST_LINE:
        raise SettingsError(f"{path}: landing.longest_line: write a number of bytes, from 1 to {LONGEST_LINE}")
    if landing.get("completeness", "clock") not in ("clock", "data"):
        raise SettingsError(f"{path}: landing.completeness: write clock or data")


def unknown_key(key: Any, known: Collection[str], place: str) -> str:
    """What is wrong with a key, and what was meant by it, or what there is."""
    near = difflib.get_close_matches(str(key), known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key {shown(key)}{place and f' in {place}'}; {remedy}"


def shown(value: Any) -> str:
    """A value for an error message, cut."""
    kind = {dict: "a block of keys", list: "a list", type(None): "empty"}.get(type(value))
    return kind or (value if isinstance(value, str) and value.isidentifier() else ascii(value))[:60]


def _check_day(key: str, value: Any, path: Path) -> None:
    try:
        date.fromisoformat(str(value))
    except ValueError as error:
        raise SettingsError(f"{path}: landing.{key} is {shown(value)}; write a day, such as 1990-01-01") from error


def _check_duration(key: str, value: Any, path: Path) -> None:
    if value is None:
        raise SettingsError(f"{path}: landing.{key} is empty; write a duration, such as 1d")
    try:
        length = parse_duration(str(value))
    except SpecError as error:
        raise SettingsError(f"{path}: landing.{key}: {error}") from error
    if length < timedelta(0):
        raise SettingsError(f"{path}: landing.{key} is negative; write a duration, such as 15m")
