"""Check the functions that a spec names before they are imported.

A spec may name any function, and importing its module runs that module's code. So the source is parsed first. The
function must be defined there with the documented arguments, and the module must not be part of the standard library.
"""

from __future__ import annotations

import ast
import sys

from tidemark.errors import SpecError
from tidemark.spec.model import DatasetSpec
from tidemark.spec.modules import find_source

TRANSFORM = ("inputs", "params")
"""The arguments of a transform, `build(inputs, params)`."""
PARSER = ("record", "place")
"""The arguments of a parser, `parse(record, place)`."""
NEWS = ("files", "own")
"""The arguments of an input's `news_if`, `holds_news(files, own)`."""
ACCOUNT = ("new", "known", "params")
"""The arguments of an account, `remarks(new, known, params)`."""


def check_entry(spec: DatasetSpec) -> None:
    """Check that each function that the spec names exists with the documented arguments.

    Raises SpecError. Imports nothing.
    """
    if spec.transform is not None:
        _check(spec, "transform", spec.transform, TRANSFORM)
    if spec.landing is not None:
        _check(spec, "landing.parser", spec.landing.parser, PARSER)
    if spec.accounted_by is not None:
        _check(spec, "accounted_by", spec.accounted_by, ACCOUNT)
    for entry in spec.inputs.values():
        if entry.news_if is not None:
            _check(spec, f"inputs.{entry.name}.news_if", entry.news_if, NEWS)


def _check(spec: DatasetSpec, key: str, entry: str, arguments: tuple[str, ...]) -> None:
    module, _, name = entry.partition(":")
    path = None if module.split(".")[0] in sys.stdlib_module_names else find_source(module)
    if path is None:
        raise SpecError(
            f"{spec.path}: {key} {entry[:80]}: module {module[:60]} cannot be found outside the standard library; "
            f"write package.module:function, and add the package's folder to PYTHONPATH"
        )
    found = next(
        (node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.FunctionDef) and node.name == name),
        None,
    )
    if found is None or not _takes(found.args, arguments):
        raise SpecError(
            f"{spec.path}: {key} {entry[:80]}: {path.name} does not define {name[:40]}({', '.join(arguments)}); "
            f"define the function in that module, with exactly these arguments"
        )


def _takes(given: ast.arguments, wanted: tuple[str, ...]) -> bool:
    """Return whether a function takes exactly the wanted arguments, by position."""
    others = (given.vararg, given.kwarg, *given.kwonlyargs)
    return tuple(a.arg for a in (*given.posonlyargs, *given.args)) == wanted and not any(others)
