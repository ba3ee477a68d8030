"""The status of every dataset, read from table metadata and `ops` only. No engine is started, no row is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tidemark.catalog import Lake
from tidemark.lineage.publish_commit import watermark_of
from tidemark.operate.accounts import SessionAccount, newest_accounts
from tidemark.operate.in_progress import Progress, find_progress
from tidemark.operate.quarantine import count_recorded_since
from tidemark.operate.remarks import read_remarks
from tidemark.operate.session_outcomes import Session, newest_sessions, with_outcomes
from tidemark.operate.waiting import Wait, waits_of
from tidemark.session import dependency_order
from tidemark.spec import DatasetSpec
from tidemark.state.ranges import Ranges
from tidemark.state.watermark import Watermark

LOOK_BACK = timedelta(days=1)
"""How far back quarantined records are counted, and dead services are named."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class DatasetStatus:
    """How far one dataset is, and what it needs.

    `complete_through` and `final_through` are None if nothing is published or nothing limits the table. `hours_behind`
    is the time from `complete_through` to now, by the machine's clock, never negative; None without
    `complete_through`. `last` is the newest session, whatever became of it. `waits_for` names the inputs without whose
    progress the next session cannot go on. `quarantined_last_day` counts the records that a quarantine table took in;
    None for other tables. `remark` is what the domain says of the dataset, such as which ranker is served.
    `fresh_within_hours` is how far the dataset may be behind, None if it has no deadline. `late` says that it is
    further behind. `account` says what became of the records of the newest session that has an account. `progress` is
    the step that `last` has reached, None if it is not in progress.
    """

    dataset: str
    mode: str
    published: bool
    complete_through: datetime | None
    final_through: datetime | None
    hours_behind: float | None
    last: Session | None
    owed: Ranges
    overdue: Ranges
    waits_for: tuple[Wait, ...]
    quarantined_last_day: int | None
    remark: str | None = None
    fresh_within_hours: float | None = None
    late: bool = False
    account: SessionAccount | None = None
    progress: Progress | None = None


def read_status(
    lake: Lake, specs: Mapping[str, DatasetSpec], now: datetime, values: Mapping[str, Any]
) -> tuple[DatasetStatus, ...]:
    """Return the status of each dataset, inputs before their readers. `now` is the machine's clock.

    `values` are those of the settings. If they say that the logs are history, no deadline applies.
    """
    is_history = values.get("landing", {}).get("completeness") == "data"
    marks = {name: find_watermark(lake, name) for name in specs}
    last, remarks, accounts = _last_sessions(lake), read_remarks(lake), newest_accounts(lake)
    quarantines = {spec.landing.quarantine for spec in specs.values() if spec.landing}
    return tuple(
        DatasetStatus(
            dataset=name,
            mode=spec.mode,
            last=last.get(name),
            waits_for=waits_of(spec, specs, marks),
            quarantined_last_day=count_recorded_since(lake, name, now - LOOK_BACK) if name in quarantines else None,
            remark=remarks.get(name),
            account=accounts.get(name),
            progress=find_progress(lake, last[name]) if name in last else None,
            **_progress(marks[name], now, None if is_history else spec.fresh_within),
        )
        for name, spec in ((name, specs[name]) for name in dependency_order(dict(specs)))
    )


def find_watermark(lake: Lake, dataset: str) -> Watermark | None:
    """Return the watermark of a dataset; None if its table does not exist or nothing is published."""
    table = lake.find_table(dataset)
    return watermark_of(table) if table is not None else None


def _last_sessions(lake: Lake) -> dict[str, Session]:
    newest: dict[str, dict[str, Any]] = {}
    for row in newest_sessions(lake):
        newest.setdefault(row["dataset"], row)
    return {session.dataset: session for session in with_outcomes(lake, list(newest.values()))}


def _progress(mark: Watermark | None, now: datetime, fresh_within: timedelta | None) -> dict[str, Any]:
    through = mark.complete_through if mark else None
    behind = None if through is None else round(max(now - through, timedelta(0)) / HOUR, 1)
    return {
        "published": mark is not None,
        "complete_through": through,
        "final_through": mark.final_through if mark else None,
        "hours_behind": behind,
        "fresh_within_hours": fresh_within and fresh_within / HOUR,
        "late": through is not None and fresh_within is not None and now - through > fresh_within,
        "owed": mark.owed if mark else (),
        "overdue": mark.overdue if mark else (),
    }
