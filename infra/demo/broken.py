"""Unreadable records, such as real logs contain."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np


def _truncate(line: str) -> str:
    return line[: len(line) * 2 // 3]


def _without_time(line: str) -> str:
    return json.dumps({k: v for k, v in json.loads(line).items() if k != "timestamp"})


def _dated(when: str) -> Callable[[str], str]:
    return lambda line: json.dumps({**json.loads(line), "timestamp": when})


BREAKAGES: dict[str, Callable[[str], str]] = {
    "truncated": _truncate,
    "not_an_object": lambda line: json.dumps(line[:40]),
    "no_timestamp": _without_time,
    "epoch_0": _dated("1970-01-01T00:00:00.000Z"),
    "year_2099": _dated("2099-01-01T12:00:00.000Z"),
}
"""The ways to break a line, by the name under which they are counted."""


def add_broken(rng: np.random.Generator, files: list[list[str]]) -> dict[str, int]:
    """Insert one broken copy of a line per way of breaking into the files. Return the counts by name."""
    usable = [lines for lines in files if lines]
    if not usable:
        return dict.fromkeys(BREAKAGES, 0)
    originals = [list(lines) for lines in usable]
    for breakage in BREAKAGES.values():
        at = int(rng.integers(len(usable)))
        original = originals[at][int(rng.integers(len(originals[at])))]
        usable[at].insert(int(rng.integers(len(usable[at]) + 1)), breakage(original))
    return dict.fromkeys(BREAKAGES, 1)
