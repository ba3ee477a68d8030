"""The status page marks what is further behind than its spec allows, and shows a dataset without a limit as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tidemark.airflow.pages.status import Overview, status_page
from tidemark.operate.remarks import Headline
from tidemark.operate.status import DatasetStatus

NOW = datetime(2026, 4, 12, 9, tzinfo=UTC)
THROUGH = datetime(2026, 4, 12, 4, tzinfo=UTC)


@pytest.mark.parametrize(("fresh_within", "late"), [(None, False), (6.0, False), (3.0, True)])
def test_only_a_dataset_beyond_its_limit_is_marked(fresh_within: float | None, late: bool) -> None:
    dataset = DatasetStatus(
        dataset="search.interactions",
        mode="stateful",
        published=True,
        complete_through=THROUGH,
        final_through=None,
        hours_behind=5.0,
        last=None,
        owed=(),
        overdue=(),
        waits_for=(),
        quarantined_last_day=None,
        fresh_within_hours=fresh_within,
        late=late,
    )
    overview = Overview(headlines=(Headline("r<1>", "serves 9 scores"),))
    page = status_page((dataset,), NOW, "/tidemark/", (), overview)
    assert "<strong>r&lt;1&gt;</strong><span>serves 9 scores</span>" in page
    assert "5.0 h" in page
    assert ("fresh within 3 h" in page) is late
