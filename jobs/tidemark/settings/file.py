"""Read a settings file: YAML without repeated keys, anchors and aliases, and of limited size and depth."""

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
"""The largest size of a settings file in bytes. The longest that people write have a few thousand."""
LONGEST_LINE = 1 << 30
"""The highest value in bytes of `landing.longest_line`. A worker holds several copies of a line in memory."""
MAX_NESTING = 12
"""The most levels of nesting. The settings need four, their schema needs nine."""
LANDING = ("settling", "future_tolerance", "earliest", "longest_line", "completeness")
"""The keys of the block `landing`, which the loop itself reads."""


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also refuses anchors, aliases and repeated keys."""

    levels = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=event.start_mark)
        if self.levels > MAX_NESTING:
            raise yaml.MarkedYAMLError(problem=f"nested more than {MAX_NESTING} levels", problem_mark=event.start_mark)
        self.levels += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.levels -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        values = super().construct_mapping(node, deep=True)
        if len(values) < len(node.value):
            repeated = _repeated_key(node)
            problem = f"the key {shown(repeated.value)} occurs twice in its block"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=repeated.start_mark)
        return values


def _repeated_key(node: yaml.MappingNode) -> yaml.Node:
    """Return the first key of a block that repeats an earlier one."""
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            return key  # type: ignore[no-any-return]
        seen.add(str(key.value))
    return node


def read_settings(path: Path) -> dict[str, Any]:
    """Return the keys and values of a file; an empty dict if the file does not exist.

    Raises:
        SettingsError: If the file cannot be read. The message names the place and the remedy.
    """
    return parse_settings(read_text(path), path) if path.exists() else {}


def read_text(path: Path) -> str:
    """Return the text of a file. Raises SettingsError if it is too large, or cannot be read as text."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SettingsError(f"{path}: the file is larger than 1 MB; make it smaller")
        return content.decode("utf-8")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def parse_settings(text: str, path: Path) -> dict[str, Any]:
    """Return the keys and values of the text of a file. Raises SettingsError, which names `path`."""
    try:
        values = _Loader(text).get_single_data() or {}
    except (yaml.YAMLError, *_UNREADABLE) as error:
        raise _unreadable(path, error) from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise SettingsError(f"{path}: expected keys and values at the top level; correct the file")
    return values


def _unreadable(path: Path, error: Exception) -> SettingsError:
    problem = " ".join(str(error).replace('in "<unicode string>", ', "").split())[:300]
    return SettingsError(f"{path}: cannot be read: {problem}; correct the file")


_UNREADABLE = (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError, RecursionError)
"""The errors that YAML's constructors of single values raise for a malformed value."""


def overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` overlaid with `over`. If both values of a key are mappings, they are merged one level deep."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def check_landing(values: Mapping[str, Any], path: Path) -> None:
    """Check the block `landing`, which the loop itself reads. Raises SettingsError.

    `path` is the file that holds the values. Each file is checked alone, so that the message names the right one.
    """
    landing = values.get("landing", {})
    if not isinstance(landing, dict):
        raise SettingsError(f"{path}: landing is not a block of keys; write for example landing: {{settling: 15m}}")
    for key in landing:
        if key not in LANDING:
            raise SettingsError(f"{path}: {unknown_key(key, LANDING, 'landing')}")
    if landing.get("settling") is not None:  # if it is empty, each source has its own default
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
    """Return the sentence about an unknown key, with the known key closest to it, or with all known keys."""
    near = difflib.get_close_matches(str(key), known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key {shown(key)}{place and f' in {place}'}; {remedy}"


def shown(value: Any) -> str:
    """Return a value as an error message shows it, cut at 60 characters."""
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
