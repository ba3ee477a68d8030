"""Durations and ranges as transforms get them. Needs no Spark."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ranking import durations


@pytest.mark.parametrize(
    ("written", "meant"),
    [("28d", timedelta(days=28)), ("3h", timedelta(hours=3)), ("15m", timedelta(minutes=15)),
     ("30s", timedelta(seconds=30)), (timedelta(hours=1), timedelta(hours=1))],
)  # fmt: skip
def test_durations(written: object, meant: timedelta) -> None:
    assert durations.duration(written) == meant


@pytest.mark.parametrize("written", ["28", "1 day", "-1d", "", None, 28])
def test_no_duration(written: object) -> None:
    with pytest.raises(ValueError, match="write it as 28d"):
        durations.duration(written)


def test_ranges_round_outwards_to_days() -> None:
    noon = datetime(2026, 4, 1, 12, tzinfo=UTC)
    midnight = datetime(2026, 4, 3, tzinfo=UTC)
    assert durations.day_bounds([(noon, midnight)]) == [(date(2026, 4, 1), date(2026, 4, 3))]
    assert durations.day_bounds([(noon, noon + timedelta(hours=1))]) == [(date(2026, 4, 1), date(2026, 4, 2))]
