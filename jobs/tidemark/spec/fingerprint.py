"""A dataset as two hashes: of its logic (what its rows follow from), and of its whole spec besides.

The code is found by reading source, without importing it, and hashed without comments, docstrings and
layout: a table is not rebuilt because somebody wrote a better sentence.
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
from tidemark.spec.former_names import as_formerly, former_names
from tidemark.spec.modules import find_source
from tidemark.spec.stable_text import shown_fields, stable_text


def logic(spec: DatasetSpec, values: Mapping[str, Any]) -> str:
    """Twelve hex digits over all that the rows follow from: columns, windows, parameters, the code.

    Checks, limits and words stand outside: mending one of them makes no row old.
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
    """Twelve hex digits over the logic and the rest of the spec: what a session's identity follows from."""
    digest = hashlib.sha256(logic(spec, values).encode())
    digest.update(stable_text(_spec_content(spec)))
    return digest.hexdigest()[:12]


def _content_of_rows(spec: DatasetSpec) -> dict[str, Any]:
    return {
        "mode": spec.mode,
        "grain": spec.grain,
        "event_time": spec.event_time,
        "transform": spec.transform and _formerly(spec.transform),
        "params": spec.params,
        "columns": [[c.name, c.type, c.required] for c in spec.columns.values()],
        "inputs": [
            [i.name, i.dataset, i.event_time, i.before, i.after, i.rows, i.optional, *_later_keys(i)]
            for i in spec.inputs.values()
        ],
    }


def _later_keys(window: InputSpec) -> list[str]:
    """Keys that came after the first tables were built: they take part only where they are used."""
    return ["added"] if window.read == "added" else []


def _formerly(entry: str) -> str:
    """An entry under the name that its module had before it was moved."""
    module, _, function = entry.partition(":")
    return f"{former_names(module.split('.')[0]).get(module, module)}:{function}"


def _spec_content(spec: DatasetSpec) -> dict[str, Any]:
    """All that the spec says but for where it lies and why it is there, under the names that modules first had."""
    landing = spec.landing and replace(spec.landing, parser=_formerly(spec.landing.parser))
    named = replace(spec, transform=spec.transform and _formerly(spec.transform), landing=landing)
    shown = shown_fields(named).items()
    return {name: value for name, value in shown if name not in ("path", "why") and value is not None}


@lru_cache(maxsize=128)
def _code_hash(module: str) -> str:
    names = former_names(module.split(".")[0])
    digest = hashlib.sha256()
    for _name, path in sorted({names.get(name, name): path for name, path in _modules(module).items()}.items()):
        tree = as_formerly(ast.parse(path.read_text(encoding="utf-8")), names)
        digest.update(_without_words(tree).encode())
    return digest.hexdigest()


def _without_words(tree: ast.Module) -> str:
    """A module's code alone: as Python would write it, docstrings taken out."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _modules(start: str) -> dict[str, Path]:
    """The module and all modules of the same top package that it imports, however deep."""
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
    """All modules that a module may import; relative ones by their full names."""
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
