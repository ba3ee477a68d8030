"""No source file may contain calls that turn data into code or a value into a shell command."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("jobs", "dags", "infra", "bench") for path in (CHECKOUT / folder).rglob("*.py"))
MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "commands", "pty", "ctypes"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
DOTTED = {
    "os.system",
    "os.popen",
    "yaml.load",
    "yaml.load_all",
    "yaml.unsafe_load",
    "yaml.full_load",
    "pd.read_pickle",
    "pandas.read_pickle",
    "np.load",
    "numpy.load",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "lgb.Booster",
}
ALLOWED = {
    ("jobs/ranking/training/learner/model.py", "lgb.Booster"),
    ("infra/local/launch.py", "os.execv"),
    ("jobs/tidemark/engine/launch.py", "os.execv"),
}
"""Exceptions: the function that loads a model after its checks, and two launchers that replace themselves by the
service that they start, with a fixed list of arguments and without a shell."""


def findings(tree: ast.AST) -> Iterator[str]:
    """Yield the forbidden imports and calls of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in MODULES:
                yield str(node.module)
            yield from (n for a in node.names if (n := f"{node.module}.{a.name}") in DOTTED)
        elif isinstance(node, ast.Call):
            yield from _call(node)


def _call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    if name in CALLS or name in DOTTED or name.startswith(("os.exec", "os.spawn")):
        yield name
    for keyword in node.keywords:
        if keyword.arg in ("shell", "allow_pickle") and not (
            isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        ):
            yield f"{keyword.arg}="


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_s52_no_source_turns_data_into_code(path: Path) -> None:
    name = path.relative_to(CHECKOUT).as_posix()
    found = {(name, what) for what in findings(ast.parse(path.read_text(encoding="utf-8")))}
    assert found <= ALLOWED


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval(x)",
        "import os\nos.system('ls')",
        "from os import system",
        "yaml.load(x, Loader=L)",
        "subprocess.run('ls', shell=True)",
        "np.load(x, allow_pickle=True)",
        "os.execv('a', [])",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert list(findings(ast.parse(source)))


def test_sql_is_written_from_checked_names_only() -> None:
    """Only maintenance, with checked names, and the audit, with conditions that passed the grammar, build SQL."""
    users = {
        path.relative_to(CHECKOUT).as_posix()
        for path in SOURCES
        if path.is_relative_to(CHECKOUT / "jobs" / "tidemark")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("sql", "expr", "selectExpr", "execute")
        and ast.unparse(node.func.value) != "super()"  # an Airflow operator, which runs no SQL
    }
    assert users == {
        "jobs/tidemark/operate/maintenance/procedures.py",
        "jobs/tidemark/audit/gx.py",
        "jobs/tidemark/audit/run.py",
    }
