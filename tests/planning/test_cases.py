"""Every decision of planning, from the tables of cases beside this file. No catalog, no engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.case import Case, cases, plan_of, what_follows
from tidemark.errors import RequestRefused


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_plan_that_follows(case: Case, tmp_path: Path) -> None:
    then = dict(case.content["then"])
    if "refused" in then:
        with pytest.raises(RequestRefused, match=then["refused"]):
            plan_of(case.content, tmp_path)
        return
    plan = plan_of(case.content, tmp_path)
    said, unsaid = then.pop("notes", []), then.pop("no_note", [])

    assert what_follows(plan, then) == then
    assert [part for part in said if not any(part in note for note in plan.notes)] == [], plan.notes
    assert [part for part in unsaid if any(part in note for note in plan.notes)] == [], plan.notes


def test_each_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) > 50
