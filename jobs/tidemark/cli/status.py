"""`tidemark status`: how far each dataset is, what became of its last session, and what limits it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime

from tidemark.cli.as_json import print_json
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.service_deaths import read_deaths
from tidemark.operate.service_troubles import present_troubles
from tidemark.operate.status import LOOK_BACK, DatasetStatus, read_status
from tidemark.operate.status_text import (
    describe_account,
    describe_behind,
    describe_deadline,
    describe_last,
    describe_progress,
    describe_waits,
    shown_instant,
)
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
from tidemark.state.ranges import describe, format_instant
from tidemark.support.text import printable


def status(options: argparse.Namespace) -> int:
    """Print the status of every dataset, inputs first; with --json as one JSON object.

    Returns 0 also if a dataset needs attention: the command reports, it does not judge.
    """
    settings = load_settings()
    specs = load_specs(settings.schemas, settings.values)
    now = datetime.now(UTC)
    found = read_status(open_existing_lake(settings), specs, now, settings.values)
    deaths = read_deaths(settings.service_deaths, now - LOOK_BACK)
    troubles = present_troubles(settings.service_troubles, now)
    if options.json:
        print_json({"at": now, "datasets": found, "deaths": deaths, "troubles": troubles})
    else:
        print("\n".join((*_lines(found, now), *(printable(str(each)) for each in (*troubles, *deaths)))))
    return 0


def _lines(found: tuple[DatasetStatus, ...], now: datetime) -> Iterator[str]:
    width = max(len(dataset.dataset) for dataset in found)
    yield f"{'dataset':<{width}}  {'complete through':<17}  {'behind':>9}  last session"
    for dataset in found:
        through = shown_instant(dataset.complete_through)
        yield f"{dataset.dataset:<{width}}  {through:<17}  {describe_behind(dataset):>9}  {describe_last(dataset.last)}"
        yield from (f"{'':<{width}}  {line}" for line in _remarks(dataset))
    yield f"behind: hours from there to {format_instant(now.replace(second=0, microsecond=0))}, by the machine's clock"
    yield "audited: by the machine's clock; (clock ...) is the logical clock of the run"


def _remarks(dataset: DatasetStatus) -> Iterator[str]:
    if dataset.progress:
        yield f"in progress: {describe_progress(dataset)}, by the machine's clock"
    if dataset.late:
        yield f"late: {describe_deadline(dataset)}"
    if dataset.remark:
        yield dataset.remark
    if dataset.owed:
        yield f"owed: {describe(dataset.owed)}; the next sessions rebuild it"
    if dataset.overdue:
        yield f"overdue: {describe(dataset.overdue)}; rebuild it with a backfill"
    if dataset.waits_for:
        yield f"limited by {describe_waits(dataset.waits_for)}"
    if dataset.account:
        account = dataset.account
        yield f"records of {account.session}: {printable(describe_account(account))}"
    if dataset.quarantined_last_day:
        yield f"{dataset.quarantined_last_day:,} records quarantined in the last day; see tidemark quarantined"
