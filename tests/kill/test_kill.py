"""Each point once; world, catalog and recovery rotate so that every pair of them occurs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kill.cases import Case, Play, faults_of
from tests.kill.lakes import Template
from tests.kill.matrix import part

pytestmark = [pytest.mark.loop, pytest.mark.spark]


@pytest.mark.parametrize("case", part(), ids=str)
def test_s30_a_killed_session_converges(
    case: Case, template: Callable[[str], Template], catalog: Callable[[str], str | None]
) -> None:
    assert list(faults_of(case, Play(template(case.world), catalog(case.catalog)))) == []
