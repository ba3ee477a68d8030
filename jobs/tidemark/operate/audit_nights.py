"""What the audits of all datasets said lately, grouped by day and dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pyiceberg.expressions import BooleanExpression

from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import all_of, equals, one_of, since_instant
from tidemark.operate.audit_history import FAILED, PASSED, TABLE, WARNED
from tidemark.operate.audit_verdicts import AuditVerdict, read_verdicts
from tidemark.state.effect import How

CLOCK = "recorded_at"
MOST_NAMES = 200
"""By more names at once, Iceberg would read every file."""


@dataclass(frozen=True)
class DatasetNight:
    """The sessions of a dataset that were planned on one day, by the machine's clock in UTC.

    `failed` and `warned` are sessions, newest first. `passed` counts the sessions that were published without a remark.
    """

    day: date
    dataset: str
    failed: tuple[str, ...]
    warned: tuple[str, ...]
    passed: int

    @property
    def word(self) -> str:
        """The worst verdict of the day."""
        if self.failed:
            return FAILED
        return WARNED if self.warned else PASSED


def read_nights(lake: Lake, since: datetime, verdict: str | None = None) -> list[DatasetNight]:
    """Return the days since an instant, newest first, and within a day the datasets by name.

    `verdict` names the worst verdict of a dataset's day; None means any. Of passed audits no result is read.
    """
    sessions = _rows(lake, "ops.sessions", since, (), ("session", "dataset", "how", "recorded_at"))
    closed = {row["session"] for row in _rows(lake, "ops.high_watermarks", since, (), ("session",))}
    remarked = _remarked(lake, since)
    groups: dict[tuple[date, str], list[Mapping[str, Any]]] = {}
    for row in sessions:
        if row["how"] != How.touch.value and (row["session"] in closed or row["session"] in remarked):
            groups.setdefault((row["recorded_at"].date(), row["dataset"]), []).append(row)
    nights = [_night(day, dataset, rows, remarked) for (day, dataset), rows in groups.items()]
    ordered = sorted(nights, key=lambda night: (-night.day.toordinal(), night.dataset))
    return [night for night in ordered if verdict in (None, night.word)]


def _remarked(lake: Lake, since: datetime) -> dict[str, AuditVerdict]:
    """Return the verdicts of the sessions that had a failed check."""
    names = sorted({row["session"] for row in _rows(lake, TABLE, since, (equals("passed", False),), ("session",))})
    found: dict[str, AuditVerdict] = {}
    for start in range(0, len(names), MOST_NAMES):
        found |= read_verdicts(lake, one_of("session", names[start : start + MOST_NAMES]))
    return found


def _rows(
    lake: Lake, name: str, since: datetime, where: Iterable[BooleanExpression], columns: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return the rows that were recorded since an instant; none if only older versions have written to the table."""
    table = lake.find_table(name)
    if table is None or CLOCK not in table.schema().column_names:
        return []
    return ops.rows(lake, name, all_of((since_instant(CLOCK, since), *where)), columns)


def _night(
    day: date, dataset: str, rows: Iterable[Mapping[str, Any]], verdicts: Mapping[str, AuditVerdict]
) -> DatasetNight:
    words: dict[str, list[str]] = {FAILED: [], WARNED: [], PASSED: []}
    for row in sorted(rows, key=lambda row: row["recorded_at"], reverse=True):
        verdict = verdicts.get(row["session"])
        words[verdict.word if verdict else PASSED].append(row["session"])
    return DatasetNight(day, dataset, tuple(words[FAILED]), tuple(words[WARNED]), len(words[PASSED]))
