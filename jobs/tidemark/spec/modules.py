"""Modules found by name, without importing them: importing is running, and reading must stay light."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path


def find_source(module: str) -> Path | None:
    """The file of a module; Python's own search would import the packages on the way."""
    top, *rest = module.split(".")
    for root in _roots(top):
        path = root.joinpath(*rest)
        for file in (path, path.with_suffix(".py"), path / "__init__.py"):
            if file.suffix == ".py" and file.is_file():
                return file
    return None


@lru_cache(maxsize=128)
def _roots(top: str) -> tuple[Path, ...]:
    """The folders of a top package, or the file of a top module; neither is imported."""
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:
        return ()
    if spec is None:
        return ()
    folders = spec.submodule_search_locations
    return tuple(Path(place) for place in (folders or [spec.origin or ""]))
