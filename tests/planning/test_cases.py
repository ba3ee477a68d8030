"""Every rule of planning, from the YAML cases beside this file. No catalog, no engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.case import Case, cases, check


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_plan_that_follows(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_each_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) > 50
