"""Compare a release with what its inputs held, computed without the loop."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.accounts.names import PLANS
from tests.accounts.world import Accounts
from tests.pins.nights import BUILD, COMPARED, FACTS, HOURLY, MODELS, SCORES
from tidemark.lineage.history import same_content
from tidemark.lineage.watermark_history import watermarks_at
from tidemark.operate.releases import Release
from tidemark.state.watermark import Watermark

Row = tuple[Any, ...]


def check_release(accounts: Accounts, released: Release) -> None:
    """Assert that a release has all tables, and that each of them follows from the released inputs alone."""
    assert released.release, released.why
    assert {HOURLY, COMPARED, MODELS, SCORES, FACTS, PLANS} <= set(released.tables)
    for dataset in (HOURLY, COMPARED, MODELS, SCORES):
        _check_positions(accounts, dataset, released)
    for dataset in BUILD:
        assert rows_at(accounts, dataset, released) == _expected(accounts, dataset, released)
    _check_sums(accounts, released)


def rows_at(accounts: Accounts, dataset: str, released: Release) -> list[Row]:
    """Return the rows of a released table, sorted."""
    rows = accounts.table(dataset).scan(snapshot_id=released.tables[dataset]).to_arrow().to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def _check_positions(accounts: Accounts, dataset: str, released: Release) -> None:
    inputs = accounts.context.specs[dataset].inputs
    for name, position in _mark(accounts, dataset, released).inputs.items():
        read = inputs[name].dataset
        if read != dataset:
            same = same_content(accounts.table(read), position.snapshot, released.tables[read])
            assert same, f"{dataset} was built from another snapshot of {read}"


def _check_sums(accounts: Accounts, released: Release) -> None:
    """Assert that the newest version and its scores count the rows of the released tables."""
    counted = {name: rows_at(accounts, name, released) for name in (HOURLY, COMPARED, MODELS, SCORES, PLANS)}
    compared = sum(row[1] for row in counted[COMPARED])
    assert counted[MODELS][-1][1:] == (compared, len(counted[PLANS]))
    assert counted[SCORES] == [(counted[MODELS][-1][0], compared, sum(row[1] for row in counted[HOURLY]))]


def _expected(accounts: Accounts, dataset: str, released: Release) -> list[Row]:
    """Return the rows of a table of hours that follow from the released sign-ups and changes of plan."""
    through = _mark(accounts, dataset, released).complete_through
    assert through is not None
    facts, plans = (_times(accounts, name, released) for name in (FACTS, PLANS))
    counts: dict[datetime, int] = {}
    for each in facts:
        hour = each.replace(minute=0, second=0, microsecond=0)
        if each < through:
            counts[hour] = counts.get(hour, 0) + 1
    if dataset == HOURLY:
        return sorted(counts.items())
    end = timedelta(hours=1)
    return [(hour, n, n, sum(each < hour + end for each in plans)) for hour, n in sorted(counts.items())]


def _times(accounts: Accounts, dataset: str, released: Release) -> list[datetime]:
    scan = accounts.table(dataset).scan(selected_fields=("happened_at",), snapshot_id=released.tables[dataset])
    return [row["happened_at"] for row in scan.to_arrow().to_pylist()]


def _mark(accounts: Accounts, dataset: str, released: Release) -> Watermark:
    return watermarks_at(accounts.context.lake, accounts.table(dataset), released.tables[dataset])[-1]
