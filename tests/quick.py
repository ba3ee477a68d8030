"""`make quick`: the tests that need no engine, in a process that never imports one.

A test module is left out where it brings in pyspark by what it imports at its top, however deep, or by the conftest
of a folder above it; so is a test that is marked as needing an engine. Properties try a few examples only.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parents[1]
ROOTS = (CHECKOUT, CHECKOUT / "jobs")
EXAMPLES = 15
MARKS = ("spark", "loop", "e2e")


def pytest_configure(config: pytest.Config) -> None:
    """Let each property that does not ask for more try a few examples."""
    settings.register_profile("quick", max_examples=EXAMPLES, deadline=None)
    settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the modules that bring an engine in."""
    folders = [folder for folder in collection_path.parents if folder.is_relative_to(CHECKOUT)]
    above = [folder / name for folder in folders for name in ("conftest.py", "__init__.py")]
    needs = any(_brings_engine(path) for path in (collection_path, *above) if path.suffix == ".py" and path.is_file())
    return True if needs else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that are marked as needing an engine."""
    kept = [item for item in items if not any(item.get_closest_marker(mark) for mark in MARKS)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def pytest_unconfigure(config: pytest.Config) -> None:
    """Fail where an engine came in after all."""
    if "pyspark" in sys.modules:
        raise pytest.UsageError("make quick: something imported pyspark; mark its test, or import it inside the test")


@lru_cache(maxsize=4096)
def _brings_engine(path: Path) -> bool:
    """Whether importing a module imports pyspark."""
    waiting, seen = [path], {path}
    while waiting:
        for name in _imported(waiting.pop()):
            if name.split(".")[0] == "pyspark":
                return True
            for found in _files(name):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)
    return False


@lru_cache(maxsize=4096)
def _imported(path: Path) -> tuple[str, ...]:
    """The modules that a module imports at its top; a name may be a module or what stands in one."""
    names: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


def _files(name: str) -> Iterator[Path]:
    """The files of this repository that importing a module runs: those of its packages, and its own."""
    parts = name.split(".")
    for root in ROOTS:
        for length in range(1, len(parts) + 1):
            place = root.joinpath(*parts[:length])
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file():
                    yield file
