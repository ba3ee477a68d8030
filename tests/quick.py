"""`make quick`: the tests that need neither an engine nor services, in a process that never imports an engine.

A test module is left out if importing it imports pyspark, directly or indirectly, and so is a folder whose conftest.py
does. Single tests are left out by their marks. Properties try a few examples only.
"""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import settings

from tests.examples import QUICK

CHECKOUT = Path(__file__).resolve().parents[1]
ROOTS = (CHECKOUT, CHECKOUT / "jobs")
MARKS = ("spark", "loop", "e2e", "services")


def pytest_configure(config: pytest.Config) -> None:
    """Make every import of pyspark fail from now on, and let each property try a few examples."""
    sys.modules["pyspark"] = None  # type: ignore[assignment]  # an import then raises ModuleNotFoundError
    settings.register_profile("quick", max_examples=QUICK, deadline=None)
    settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the modules that import pyspark, and the folders whose conftest or package does."""
    if collection_path.is_dir():
        loaded = [collection_path / name for name in ("conftest.py", "__init__.py")]
    else:
        loaded = [collection_path] if collection_path.suffix == ".py" else []
    return True if any(_brings_engine(path) for path in loaded if path.is_file()) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that are marked as needing an engine."""
    kept = [item for item in items if not any(item.get_closest_marker(mark) for mark in MARKS)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@lru_cache(maxsize=4096)
def _brings_engine(path: Path) -> bool:
    """Whether importing a module imports pyspark."""
    waiting, seen = [path], {path}
    while waiting:
        imported = _imported(waiting.pop())
        if imported is None:
            return True
        waiting += imported - seen
        seen |= imported
    return False


@lru_cache(maxsize=4096)
def _imported(path: Path) -> frozenset[Path] | None:
    """The files of this repository that a module imports at its top; None if it imports pyspark itself."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # What is imported from a package may be a module of it.
            names.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    if any(name.split(".")[0] == "pyspark" for name in names):
        return None
    return frozenset(file for name in names for file in _files(name))


@lru_cache(maxsize=4096)
def _files(name: str) -> tuple[Path, ...]:
    """The files of this repository that importing a module runs: those of its packages, and its own."""
    parts = name.split(".")
    places = [root.joinpath(*parts[:length]) for root in ROOTS for length in range(1, len(parts) + 1)]
    return tuple(
        file for place in places for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()
    )
