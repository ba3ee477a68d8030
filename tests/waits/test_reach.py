"""How far each table gets once the logs are complete through an instant, derived from the specs."""

from __future__ import annotations

import pytest

from tests.waits.tables import hour
from tidemark.errors import RequestRefused
from tidemark.operate.reach import Reach, reach_of
from tidemark.settings import CHECKOUT, load_settings
from tidemark.spec.load import load_specs

SPECS = load_specs(CHECKOUT / "schemas", load_settings({}).values)


@pytest.mark.parametrize(
    ("dataset", "landed", "complete", "final"),
    [
        ("search.search_queries", 2, 2, 2),
        ("search.search_requests", 2, 2, 2),
        ("search.interactions", 2, 2, 2 - 14 * 24),
        ("ranking.query_item_signals", 2, 0, -14 * 24),
        ("ranking.query_item_features", 0, 24, 24 - 14 * 24),
        ("ranking.relevance_labels", 0, 24, 24 - 14 * 24),
        ("ranking.training_examples", 0, 24, 24 - 14 * 24),
        ("ranking.training_examples", 2.5, 24, 24 - 14 * 24),
        ("ranking.training_examples", -1, 0, -14 * 24),
    ],
)
def test_a_table_gets_as_far_as_its_windows_allow(dataset: str, landed: float, complete: int, final: int) -> None:
    reach = reach_of(dataset, SPECS, hour(landed))
    assert reach.complete_through == hour(complete)
    assert reach.final_through is not None
    assert reach.final_through <= hour(final)


def test_a_source_that_never_limits_others_has_no_reach() -> None:
    assert reach_of("search.judgments", SPECS, hour(2)) == Reach(None, None)


def test_a_table_without_event_time_is_refused() -> None:
    with pytest.raises(RequestRefused, match=r"ranking\.rankers: its rows have no event time"):
        reach_of("ranking.rankers", SPECS, hour(2))
