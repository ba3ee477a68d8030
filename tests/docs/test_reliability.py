"""docs/reliability.md lists for each scenario the tests that exist."""

from __future__ import annotations

from tests.docs.pages import CHECKOUT
from tests.docs.scenarios import shown, stated

PAGE = CHECKOUT / "docs" / "reliability.md"
NUMBERS = {*range(1, 38), *range(40, 43), *range(50, 65), 68, 69, 70, 72}
WITH_THE_MODE_FOR_SUMS = {55, 56, 57, 61}


def test_each_scenario_has_a_row_that_names_its_tests() -> None:
    rows, found = stated(PAGE), shown()
    assert set(rows) == NUMBERS
    for number, (tests, _) in rows.items():
        assert tests == found.get(number, {}), f"S{number:02d}: the tests have changed; update docs/reliability.md"


def test_what_no_test_shows_is_said_to_be_missing() -> None:
    for number, (tests, result) in stated(PAGE).items():
        assert bool(tests) == (number not in WITH_THE_MODE_FOR_SUMS)
        assert result.startswith("holds") == bool(tests)
