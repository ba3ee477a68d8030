"""Two hashes of a dataset: the logic covers what its rows are computed from, the fingerprint also the rest of its spec.

Code is found by parsing source files, without importing them. It is hashed without comments, docstrings and layout, so
that better wording rebuilds no table.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

from tidemark.spec import DatasetSpec, InputSpec
from tidemark.spec.former_names import former_names, with_former_imports
from tidemark.spec.modules import find_source
from tidemark.spec.stable_text import shown_fields, stable_text


def logic(spec: DatasetSpec, values: Mapping[str, Any]) -> str:
    """Return twelve hex digits over all that rows are computed from: columns, windows, parameters, settings, code.

    Checks, limits and descriptions are left out: changing them outdates no row.
    """
    digest = hashlib.sha256()
    digest.update(stable_text(_content_of_rows(spec)))
    digest.update(stable_text({key: values.get(key) for key in spec.settings}))
    entry = spec.transform or (spec.landing.parser if spec.landing else None)
    if entry:
        digest.update(_code_hash(entry.split(":")[0]).encode())
    for window in spec.inputs.values():
        if window.news_if is not None:
            digest.update(_code_hash(window.news_if.split(":")[0]).encode())
    return digest.hexdigest()[:12]


def fingerprint(spec: DatasetSpec, values: Mapping[str, Any]) -> str:
    """Return twelve hex digits over the logic and the rest of the spec. They are part of a session's identity."""
    digest = hashlib.sha256(logic(spec, values).encode())
    digest.update(stable_text(_spec_content(spec)))
    return digest.hexdigest()[:12]


def _content_of_rows(spec: DatasetSpec) -> dict[str, Any]:
    return {
        "mode": spec.mode,
        "grain": spec.grain,
        "event_time": spec.event_time,
        "transform": spec.transform and _former_entry(spec.transform),
        "params": spec.params,
        "columns": [[c.name, c.type, c.required] for c in spec.columns.values()],
        "inputs": [
            [i.name, i.dataset, i.event_time, i.before, i.after, i.rows, i.optional, *_later_keys(i)]
            for i in spec.inputs.values()
        ],
    }


def _later_keys(window: InputSpec) -> list[str]:
    """Return the values of keys that were introduced after the first tables were built. They count only if used."""
    return ["added"] if window.read == "added" else []


def _former_entry(entry: str) -> str:
    """Return `module:function` under the name that the module had before it was moved."""
    module, _, function = entry.partition(":")
    return f"{former_names(module.split('.')[0]).get(module, module)}:{function}"


def _spec_content(spec: DatasetSpec) -> dict[str, Any]:
    """Return the spec's fields without those that no session looks at. Modules have their former names."""
    landing = spec.landing and replace(spec.landing, parser=_former_entry(spec.landing.parser))
    inputs = {name: replace(window, renamed={}) for name, window in spec.inputs.items()}  # that is for `explain` only
    renamed = replace(spec, inputs=inputs, transform=spec.transform and _former_entry(spec.transform), landing=landing)
    shown = shown_fields(renamed).items()
    return {name: value for name, value in shown if name not in _UNSEEN and value is not None}


_UNSEEN = ("path", "why", "fresh_within", "accounted_by")


@lru_cache(maxsize=128)
def _code_hash(module: str) -> str:
    names = former_names(module.split(".")[0])
    digest = hashlib.sha256()
    for _name, path in sorted({names.get(name, name): path for name, path in _modules(module).items()}.items()):
        tree = with_former_imports(ast.parse(path.read_text(encoding="utf-8")), names)
        digest.update(_code_text(tree).encode())
    return digest.hexdigest()


def _code_text(tree: ast.Module) -> str:
    """Return a module's code as `ast.unparse` writes it, without docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _modules(start: str) -> dict[str, Path]:
    """Return the module and all modules of its top-level package that it imports, directly or indirectly."""
    package = start.split(".")[0]
    found: dict[str, Path] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        path = None if name in found else find_source(name)
        if path is None:
            continue
        found[name] = path
        waiting.extend(i for i in _imports(name, path) if i == package or i.startswith(package + "."))
    return found


def _imports(module: str, path: Path) -> list[str]:
    """Return the full names of all modules that a module may import. Some may be names inside a module."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            names.append(source)
            names.extend(f"{source}.{alias.name}" for alias in node.names)
    return names
