"""The planning cases of the fifth mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.case import Case, check, read_cases
from tidemark.spec.load import load_spec
from tidemark.spec.render.table_page import table_page

CASES = read_cases(Path(__file__).parent / "cases.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_plan_that_follows(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_the_page_of_a_table_says_what_the_mode_means() -> None:
    spec = load_spec(Path(__file__).parent / "schemas" / "latest_plans.yaml", {})
    assert "| mode | latest: the latest row of each key |" in table_page(spec, {spec.dataset: spec})
