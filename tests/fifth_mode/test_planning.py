"""The planning cases of the fifth mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.case import Case, check, read_cases

CASES = read_cases(Path(__file__).parent / "cases.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_plan_that_follows(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
