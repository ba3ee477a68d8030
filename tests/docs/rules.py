"""The table that leads from each key of a spec to the code that follows it and to the tests that hold it.

`python -m tests.docs.rules` writes it to docs/rules.md, and a test sees that it is true.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from tests.docs.pages import CHECKOUT

CODE = CHECKOUT / "jobs" / "tidemark"
SHOWN = 3
"""So many places are named for each key."""


@dataclass(frozen=True)
class Rule:
    """A key of a spec, what it means, and under which names the code knows it."""

    key: str
    means: str
    attributes: tuple[str, ...]
    owners: tuple[str, ...] = ("spec",)


RULES = (
    Rule("mode", "how the dataset follows its inputs", ("mode",)),
    Rule("event_time", "the column along which it is built and rebuilt", ("event_time",)),
    Rule("window", "what a row looks at, and so what a change touches", ("before", "after"), ("spec", "window")),
    Rule("rows", "the input that gives the target its rows", ("rows",), ("spec",)),
    Rule("optional", "an input that may never come", ("optional",)),
    Rule("waits_for", "whether an input is waited for as complete or as final", ("waits_for",)),
    Rule("keep", "how long an input holds its rows", ("keep",), ("spec", "window")),
    Rule("touches", "the times that a row of a looked-up table affects", ("touches",), ("spec", "window")),
    Rule("read", "whether a version reads all rows or those that came", ("read",)),
    Rule("news_if", "whether rows that came can matter to a version", ("news_if",), ("spec", "window")),
    Rule("max_range", "how much one session rebuilds", ("max_range",)),
    Rule("catch_up_limit", "how old a range may be to be rebuilt on its own", ("catch_up_limit",)),
    Rule("on_change", "what follows when the logic changes", ("on_change",)),
    Rule("replace", "whether a version is added or replaces all", ("replace",)),
    Rule("landing", "where a source's files lie and how they are read", ("landing",)),
    Rule("settling", "how long a file must stand still", ("settling",), ("landing", "spec")),
    Rule("quarantine", "who keeps the records that a source refuses", ("quarantine",), ("landing",)),
    Rule("grain", "the columns that tell one row from another", ("grain",)),
    Rule("partition_by", "how the table is partitioned", ("partition_by",)),
    Rule("expectations", "checks of what a session changed", ("expectations",)),
)


def page() -> str:
    """The whole page docs/rules.md."""
    lines = [
        "# Rules",
        "",
        "From each key of a spec to the code that follows it, and to the tests that hold it. This page is generated:",
        "`python -m tests.docs.rules`. The keys themselves are described in the [spec language](spec-language.md).",
        "",
        "| key | rule | code | tests |",
        "|---|---|---|---|",
    ]
    for rule in RULES:
        code, tests = list(code_of(rule)), list(tests_of(rule.key))
        lines.append(f"| `{rule.key}` | {rule.means} | {_shown(code)} | {_shown(tests)} |")
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=1024)
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def code_of(rule: Rule) -> Iterator[str]:
    """The functions outside the spec's own package that look at the key, as `file: function`."""
    for path in sorted(CODE.rglob("*.py")):
        name = path.relative_to(CODE).as_posix()
        if name.startswith(("spec/parse", "spec/verify", "spec/load", "spec/model")):
            continue
        for node in ast.walk(_parsed(path)):
            if isinstance(node, ast.FunctionDef) and any(_looks_at(n, rule) for n in ast.walk(node)):
                yield f"`{name}`: {node.name}"


def _looks_at(node: ast.AST, rule: Rule) -> bool:
    if not (isinstance(node, ast.Attribute) and node.attr in rule.attributes):
        return False
    owner = node.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name in rule.owners


def tests_of(key: str) -> Iterator[str]:
    """The cases of planning that set the key, then the tests that name it."""
    for path in sorted((CHECKOUT / "tests" / "planning").glob("*.yaml")):
        if any(key in _keys(case) for case in _cases(path)):
            yield f"`tests/planning/{path.name}`"
    for path in sorted((CHECKOUT / "tests").rglob("test_*.py")):
        if _names(path.read_text(encoding="utf-8"), key):
            yield f"`{path.relative_to(CHECKOUT).as_posix()}`"


@lru_cache(maxsize=1024)
def _cases(path: Path) -> list[dict[str, object]]:
    cases: list[dict[str, object]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return cases


def _keys(case: dict[str, object]) -> set[str]:
    """The keys that a case gives its target and its inputs."""
    inputs = case.get("inputs") or {}
    blocks = [case, case.get("spec") or {}, *(inputs.values() if isinstance(inputs, dict) else [])]
    return {str(key) for block in blocks if isinstance(block, dict) for key in block}


def _names(code: str, key: str) -> bool:
    """Whether a test sets the key: as an argument, in the text of a spec, or by its name as text."""
    return re.search(rf"\b{key}=(?!=)|\b{key}:|['\"]{key}['\"]", code) is not None


def _shown(places: Iterable[str]) -> str:
    found = list(places)
    more = "<br>and others" if len(found) > SHOWN else ""
    return "<br>".join(found[:SHOWN]) + more


if __name__ == "__main__":
    Path(CHECKOUT / "docs" / "rules.md").write_text(page(), encoding="utf-8")
