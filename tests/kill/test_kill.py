"""The part of the kill matrix that `make test` runs; `make kill-matrix` runs all of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kill.cases import Case, Play, faults_of
from tests.kill.lakes import Template
from tests.kill.matrix import deaths, late_commits, lost_answers

pytestmark = [pytest.mark.loop, pytest.mark.spark]

Playing = Callable[[Case], list[str]]


@pytest.fixture
def play(template: Callable[[str], Template], catalog: Callable[[str], str | None]) -> Playing:
    """Return the function that runs a case and returns its faults."""
    return lambda case: list(faults_of(case, Play(template(case.world), catalog(case.catalog))))


@pytest.mark.parametrize("case", deaths(), ids=str)
def test_s30_s37_a_killed_session_converges_when_it_runs_again_is_cleared_or_overtaken(
    case: Case, play: Playing
) -> None:
    assert play(case) == []


@pytest.mark.parametrize("case", lost_answers(), ids=str)
def test_s32_a_publish_of_unknown_fate_converges(case: Case, play: Playing) -> None:
    assert play(case) == []


@pytest.mark.parametrize("case", late_commits(), ids=str)
def test_s33_a_commit_that_comes_late_is_never_published(case: Case, play: Playing) -> None:
    assert play(case) == []
