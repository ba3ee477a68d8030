"""What people see of the label horizon: how many days a label counts, since when, and what it was before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ranking.labels.horizon import SETTING, in_force
from tidemark.catalog import Lake

HORIZONS = "ranking.label_horizons"
COLUMNS = ("revision", "horizon_days", "found_by", "since", "history_days", "days_needed")


def remark(lake: Lake) -> str | None:
    """Return the horizon in force with its changes; None without a record."""
    table = lake.find_table(HORIZONS)
    return describe(table.scan(selected_fields=COLUMNS).to_arrow().to_pylist()) if table is not None else None


def describe(rows: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the horizon in force, with its date, and the horizons before it; None without rows."""
    ordered = sorted(rows, key=lambda row: int(row["revision"]))
    last = in_force(ordered)
    if last is None:
        return None
    changes = [row for before, row in zip([None, *ordered], ordered, strict=False) if _differs(before, row)]
    now, *earlier = (f"{row['horizon_days']} days since {row['since']}" for row in reversed(changes))
    why = "set in search.yaml" if last["found_by"] == SETTING else f"{last['history_days']} days of logs"
    before = f"; before that, {', '.join(earlier)}" if earlier else ""
    days, needed = last["history_days"], last["days_needed"]
    short = f"; a first ranker takes {needed} days of logs, and there are {days}" if days < needed else ""
    return f"labels count {now} ({why}){before}{short}"


def _differs(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    return before is None or before["horizon_days"] != row["horizon_days"]
