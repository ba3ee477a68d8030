"""Modules under the names that they had when tables were first built by them.

The logic of a table follows from code, and not from the place where the code lies. A package that moves a module
says so in `formerly.yaml` beside its `__init__.py`, one line a module (`package.new.place: package.old`); a
package that was made for moved modules maps to the one that held them. The code is then hashed as it read before
the move, so a move alone rebuilds nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

import yaml

from tidemark.errors import SpecError
from tidemark.spec.modules import find_source


@lru_cache(maxsize=16)
def former_names(package: str) -> Mapping[str, str]:
    """The former name of each moved module of a top package; empty where there is no `formerly.yaml`.

    Raises SpecError for a file that is not a mapping from names to names.
    """
    source = find_source(package)
    path = None if source is None else source.with_name("formerly.yaml")
    if path is None or not path.is_file():
        return {}
    names = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(names, dict) or not all(isinstance(n, str) for pair in names.items() for n in pair):
        raise SpecError(f"{path}: write one line for each moved module, `new.name: old.name`")
    return names


def as_formerly(tree: ast.Module, names: Mapping[str, str]) -> ast.Module:
    """A module with its imports of moved modules as they read before the move, merged and sorted as they were then."""
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    if not any(_imports_moved(node, names) for node in imports):
        return tree
    package = next(iter(names)).split(".")[0]
    own = [node for node in imports if _is_of(node, package)]
    place = tree.body.index(own[0])
    rest = [node for node in tree.body if node not in own]
    tree.body = [*rest[:place], *_merged(own, names), *rest[place:]]
    _rename(tree, _renamed(own, names))
    return tree


def _merged(own: list[ast.ImportFrom], names: Mapping[str, str]) -> list[ast.stmt]:
    """One import a former module, in the order in which import sorters write them."""
    found: dict[str, list[ast.alias]] = {}
    for node in own:
        for alias in node.names:
            module, name = _formerly(str(node.module), alias.name, names)
            found.setdefault(module, []).append(ast.alias(name, alias.asname))
    return [ast.ImportFrom(module, sorted(found[module], key=_in_import_order), 0) for module in sorted(found)]


def _renamed(own: list[ast.ImportFrom], names: Mapping[str, str]) -> Mapping[str, str]:
    """Modules that are imported by a name which they did not have: the name of now, then the former one."""
    plain = [(str(node.module), alias.name) for node in own for alias in node.names if alias.asname is None]
    return {name: _formerly(module, name, names)[1] for module, name in plain}


def _rename(tree: ast.Module, renamed: Mapping[str, str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = renamed.get(node.id, node.id)


def _is_of(node: ast.ImportFrom, package: str) -> bool:
    return node.level == 0 and node.module is not None and node.module.split(".")[0] == package


def _imports_moved(node: ast.ImportFrom, names: Mapping[str, str]) -> bool:
    return node.module in names or any(f"{node.module}.{alias.name}" in names for alias in node.names)


def _formerly(module: str, name: str, names: Mapping[str, str]) -> tuple[str, str]:
    """The module and name that an import of `name` from `module` had before the move."""
    whole = names.get(f"{module}.{name}")
    if whole is not None:
        parent, _, last = whole.rpartition(".")
        return parent, last
    return names.get(module, module), name


def _in_import_order(alias: ast.alias) -> tuple[int, str]:
    """Constants, then classes, then the rest: the order in which import sorters write names."""
    kind = 0 if alias.name.isupper() and len(alias.name) > 1 else 1 if alias.name[0].isupper() else 2
    return kind, alias.name
