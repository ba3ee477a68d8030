"""Find the source file of a module without importing it, because an import runs code and takes time."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path


def find_source(module: str) -> Path | None:
    """Return the source file of a module, None if there is none.

    `importlib.util.find_spec` is not used for submodules, because it imports their parent packages.
    """
    top, *rest = module.split(".")
    for root in _roots(top):
        path = root.joinpath(*rest)
        for file in (path, path.with_suffix(".py"), path / "__init__.py"):
            if file.suffix == ".py" and file.is_file():
                return file
    return None


@lru_cache(maxsize=128)
def _roots(top: str) -> tuple[Path, ...]:
    """Return the folders of a top-level package, or the file of a top-level module, without importing it."""
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:
        return ()
    if spec is None:
        return ()
    folders = spec.submodule_search_locations
    return tuple(Path(place) for place in (folders or [spec.origin or ""]))
