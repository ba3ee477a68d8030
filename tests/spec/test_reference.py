"""docs/spec-language.md is complete, and its example is a spec."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.spec.writing import load
from tidemark.errors import SpecError
from tidemark.spec import load as reading
from tidemark.spec.column_types import PRIMITIVES
from tidemark.spec.load import load_spec
from tidemark.spec.parse import checks, columns, inputs, sources

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec-language.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_example_is_a_spec(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "visits.yaml"
    path.write_text(example, encoding="utf-8")
    spec = load_spec(path, {"attribution_window": "1d", "actions": {}})
    assert spec.inputs["sales"].after == timedelta(days=1)
    assert spec.columns["paid"].type == "map<string,decimal(9,2)>"
    assert len(spec.expectations) == 2


def section(title: str) -> str:
    """The text under a heading of the page."""
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("Keys", reading.KEYS),
        ("Inputs", inputs.KEYS),
        ("Columns", columns.KEYS),
        ("Expectations", checks.KEYS),
        ("Landing", sources.KEYS),
    ],
)
def test_each_key_is_described(title: str, keys: tuple[str, ...]) -> None:
    words = set(re.findall(r"\w+", section(title)))
    assert set(keys) <= words


def test_each_type_is_described() -> None:
    assert set(PRIMITIVES) <= set(re.findall(r"\w+", section("Columns")))


def test_without_values_the_missing_key_is_named(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    with pytest.raises(
        SpecError, match=r"have no key attribution_window; add attribution_window: to infra/search\.yaml"
    ):
        load(tmp_path, example)
