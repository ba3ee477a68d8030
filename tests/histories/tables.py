"""The tables of a history: their specs, their inputs, and the rows that they should hold for given inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import DAY, Accounts, Event, hour
from tests.histories import oracle
from tests.histories.oracle import Rows
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.ranges import Interval, Ranges, intersect

FEEDS = (SIGNUPS, PLANS, CANCELS)
FACTS, STATES, AROUND, DAYS = (
    "accounts.signups",
    "accounts.account_states",
    "accounts.signups_around",
    "accounts.signups_of_earlier_days",
)
TARGETS = (FACTS, STATES, AROUND, DAYS)
TRANSFORMS = {FACTS: "facts", STATES: "states", AROUND: "around", DAYS: "earlier_days"}

Inputs = Mapping[str, tuple[Event, ...]]


@dataclass(frozen=True)
class Setup:
    """What differs between histories.

    `around_reads` is the input of AROUND, `limit` its catch-up limit in hours, and `piece` the `max_range` in hours.
    """

    around_reads: str = SIGNUPS
    limit: int | None = 12
    piece: int | None = None
    engine: str = "spark"


def with_histories_specs(accounts: Accounts, setup: Setup) -> None:
    """Give the accounts' specs transforms whose logic can change, and no expectations, which load an audit library."""
    specs = dict(accounts.context.specs)
    for dataset in TARGETS:
        specs[dataset] = _spec(specs[dataset], setup)
    accounts.context = replace(accounts.context, specs=specs)


def _spec(spec: DatasetSpec, setup: Setup) -> DatasetSpec:
    name = TRANSFORMS[spec.dataset]
    spec = replace(spec, transform=f"tests.histories.transforms:{name}", params={"version": 1}, expectations=())
    if spec.dataset in (STATES, AROUND):
        spec = replace(spec, max_range=timedelta(hours=setup.piece) if setup.piece else None)
    if spec.dataset == AROUND:
        limit = timedelta(hours=setup.limit) if setup.limit else None
        signups: InputSpec = replace(spec.inputs["signups"], dataset=setup.around_reads)
        spec = replace(spec, catch_up_limit=limit, inputs={"signups": signups})
    return spec


def expected_rows(dataset: str, inputs: Inputs, through: datetime | None, version: int) -> Rows:
    """Return the rows of a clean rebuild of a table."""
    last = -1000 if through is None else cell_of(through)
    if dataset == FACTS:
        return oracle.facts(inputs["feed"], version)
    if dataset == STATES:
        return oracle.states(inputs["signups"], inputs["plans"], inputs["cancels"], last, version)
    times = [event.at for event in inputs["signups"]]
    if dataset == AROUND:
        return oracle.around(times, last, version)
    return oracle.earlier_days(times, last, version)


def cell_of(instant: datetime) -> int:
    """Return the hour that begins at an instant, counted from the first hour of the test's day."""
    return (instant - DAY) // timedelta(hours=1)


def unit_of(dataset: str) -> int:
    """Return the number of hours in a partition of the table."""
    return 24 if dataset == DAYS else 1


def inside(dataset: str, cell: int, ranges: Ranges) -> bool:
    """Return whether any part of a cell lies in the ranges."""
    return bool(intersect((Interval(hour(cell), hour(cell + unit_of(dataset))),), ranges))


def outside(dataset: str, rows: Rows, ranges: Ranges) -> Rows:
    """Return the rows whose cells no range touches."""
    return Rows({key: count for key, count in rows.items() if not inside(dataset, key[0], ranges)})
