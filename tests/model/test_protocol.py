"""Every interleaving of two runners, one crash, one late write and one compaction, and the flaws that must be found."""

from __future__ import annotations

import pytest

from tests.model.protocol import FLAWS
from tests.model.search import explore


def test_the_protocol_holds_in_every_reachable_state() -> None:
    explored = explore()

    assert explored.fault is None, f"{explored.fault}, by {explored.path}"
    assert explored.states > 1000, "the search visited too few states"


@pytest.mark.parametrize(
    ("flaw", "fault"),
    [
        ("watermark first", "the watermark promises"),
        ("no assertion of main", "a commit that was on main is gone"),
        ("no assertion of the watermark", "the watermark went back"),
        ("publish by branch name", "no audit saw"),
    ],
)
def test_a_seeded_flaw_is_found(flaw: str, fault: str) -> None:
    explored = explore(flaw)

    assert flaw in FLAWS
    assert explored.fault is not None
    assert fault in explored.fault
    assert len(explored.path) > 3, "the path has too few steps to show what happened"
