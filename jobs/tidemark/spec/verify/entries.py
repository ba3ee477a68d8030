"""The code that a spec names, looked at before it is imported: only functions of the documented forms are ever loaded.

Any name of a function could stand in a spec, and importing its module runs that module. So its source is read
first, and must hold a function of the documented form; the standard library holds none that is meant.
"""

from __future__ import annotations

import ast
import sys

from tidemark.errors import SpecError
from tidemark.spec.model import DatasetSpec
from tidemark.spec.modules import find_source

TRANSFORM = ("inputs", "params")
PARSER = ("record", "place")
"""What the arguments are called: `build(inputs, params)` and `parse(record, place)`."""
NEWS = ("files", "own")
"""The same for `news_if` of an input: `holds_news(files, own)`."""


def check_entry(spec: DatasetSpec) -> None:
    """See that the functions that the spec names are of their form. Raises SpecError, imports nothing."""
    if spec.transform is not None:
        _check(spec, "transform", spec.transform, TRANSFORM)
    if spec.landing is not None:
        _check(spec, "landing.parser", spec.landing.parser, PARSER)
    for entry in spec.inputs.values():
        if entry.news_if is not None:
            _check(spec, f"inputs.{entry.name}.news_if", entry.news_if, NEWS)


def _check(spec: DatasetSpec, key: str, entry: str, arguments: tuple[str, ...]) -> None:
    module, _, name = entry.partition(":")
    path = None if module.split(".")[0] in sys.stdlib_module_names else find_source(module)
    if path is None:
        raise SpecError(
            f"{spec.path}: {key} {entry[:80]}: there is no such module of yours; "
            f"write package.module:function, and see that PYTHONPATH holds the package"
        )
    found = next(
        (node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.FunctionDef) and node.name == name),
        None,
    )
    if found is None or not _takes(found.args, arguments):
        raise SpecError(
            f"{spec.path}: {key} {entry[:80]}: {path.name} has no function {name[:40]}({', '.join(arguments)}); "
            f"define it in that module, with these arguments"
        )


def _takes(given: ast.arguments, wanted: tuple[str, ...]) -> bool:
    """Exactly the arguments wanted, by position."""
    others = (given.vararg, given.kwarg, *given.kwonlyargs)
    return tuple(a.arg for a in (*given.posonlyargs, *given.args)) == wanted and not any(others)
