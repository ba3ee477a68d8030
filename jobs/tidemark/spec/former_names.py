"""Former names of modules that were moved after tables had been built with them.

The logic of a table depends on code, not on the module that contains it. A package that moves a module lists it in
`formerly.yaml` beside its `__init__.py`, one line for each module (`package.new.place: package.old`). A package that
was created for moved modules maps to the package that contained them before. Code is hashed as it read before the
move, so that a move alone rebuilds no table.
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
    """Return the former name of each moved module of a top-level package. Empty if it has no `formerly.yaml`.

    Raises SpecError if the file is not a mapping from names to names.
    """
    source = find_source(package)
    path = None if source is None else source.with_name("formerly.yaml")
    if path is None or not path.is_file():
        return {}
    names = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(names, dict) or not all(isinstance(n, str) for pair in names.items() for n in pair):
        raise SpecError(f"{path}: not a mapping of names; write one line for each moved module, `new.name: old.name`")
    return names


def with_former_imports(tree: ast.Module, names: Mapping[str, str]) -> ast.Module:
    """Restore a module's imports as they read before the move. Changes the tree in place and returns it.

    Imports from the same former module are merged, and sorted as an import sorter would have sorted them.
    """
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    if not any(_imports_moved(node, names) for node in imports):
        return tree
    package = next(iter(names)).split(".")[0]
    own = [node for node in imports if _is_import_of(node, package)]
    place = tree.body.index(own[0])
    rest = [node for node in tree.body if node not in own]
    tree.body = [*rest[:place], *_merge_imports(own, names), *rest[place:]]
    _rename(tree, _renamed_modules(own, names))
    return tree


def _merge_imports(own: list[ast.ImportFrom], names: Mapping[str, str]) -> list[ast.stmt]:
    """Return one import for each former module, in the order of an import sorter."""
    found: dict[str, list[ast.alias]] = {}
    for node in own:
        for alias in node.names:
            module, name = _former_import(str(node.module), alias.name, names)
            found.setdefault(module, []).append(ast.alias(name, alias.asname))
    return [ast.ImportFrom(module, sorted(found[module], key=_in_import_order), 0) for module in sorted(found)]


def _renamed_modules(own: list[ast.ImportFrom], names: Mapping[str, str]) -> Mapping[str, str]:
    """Return the former name of each name that is imported without an alias."""
    plain = [(str(node.module), alias.name) for node in own for alias in node.names if alias.asname is None]
    return {name: _former_import(module, name, names)[1] for module, name in plain}


def _rename(tree: ast.Module, renamed: Mapping[str, str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = renamed.get(node.id, node.id)


def _is_import_of(node: ast.ImportFrom, package: str) -> bool:
    return node.level == 0 and node.module is not None and node.module.split(".")[0] == package


def _imports_moved(node: ast.ImportFrom, names: Mapping[str, str]) -> bool:
    return node.module in names or any(f"{node.module}.{alias.name}" in names for alias in node.names)


def _former_import(module: str, name: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Return module and name as they were before the move, for an import of `name` from `module`."""
    former = names.get(f"{module}.{name}")
    if former is not None:
        parent, _, last = former.rpartition(".")
        return parent, last
    return names.get(module, module), name


def _in_import_order(alias: ast.alias) -> tuple[int, str]:
    """Sort key of an import sorter: constants, then classes, then other names."""
    kind = 0 if alias.name.isupper() and len(alias.name) > 1 else 1 if alias.name[0].isupper() else 2
    return kind, alias.name
