"""Compare what holds now with what has been told: what begins, and what is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import entry_points

from tidemark.catalog import Lake
from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.operate.alerts.conditions import Condition
from tidemark.operate.alerts.record import Told
from tidemark.operate.session_outcomes import Outcome, Session
from tidemark.operate.status import DatasetStatus

MORE_CONDITIONS = "tidemark.conditions"
"""The group of entry points of a domain's own conditions. Each is a function `conditions(lake) -> Iterable[Condition]`,
named after the dataset that it looks at."""

CATCH_UP = timedelta(hours=3)
"""How long a dataset may stay late after its input has ceased to be."""


def domain_conditions(lake: Lake) -> Iterator[Condition]:
    """Yield what the domain's own rules find now."""
    for entry in entry_points(group=MORE_CONDITIONS):
        yield from entry.load()(lake)


def find_news(
    conditions: Iterable[Condition], told: Mapping[str, Told], found: Sequence[DatasetStatus], now: datetime
) -> Iterator[Condition]:
    """Yield what has to be told now: conditions that begin, and those told earlier that are over."""
    holding = {condition.key: condition for condition in conditions}
    for key, condition in holding.items():
        if _begins(condition, told.get(key)) and not _is_explained(condition, holding, told, now):
            yield condition
    last = {dataset.dataset: dataset.last for dataset in found}
    for key, before in told.items():
        if before.holds and key not in holding and _is_over(before, last):
            yield Condition(key, _over(before))


def _begins(condition: Condition, told: Told | None) -> bool:
    """Whether a condition has to be told. An event is told once, a condition each time that it begins."""
    return told is None or not (told.holds or condition.alert.kind.is_event)


def _is_explained(
    condition: Condition, holding: Mapping[str, Condition], told: Mapping[str, Told], now: datetime
) -> bool:
    """Whether a condition that explains this one holds, or ended so recently that this one may end by itself."""
    for key in condition.because_of:
        before = told.get(key)
        if key in holding or (before and not before.holds and now - before.recorded_at < CATCH_UP):
            return True
    return False


def _is_over(told: Told, last: Mapping[str, Session | None]) -> bool:
    """Whether a condition that no longer shows is over. A failed task is, once a session of its dataset has closed.

    Of a failed task without a dataset nobody can say: it is told again if it fails again after a day.
    """
    if told.kind.is_event:
        return False
    if told.dataset is None:
        return told.kind is not Kind.failed
    session = last.get(told.dataset)
    if session is None or session.outcome is not Outcome.closed:
        return False
    return session.session == told.session or (
        session.recorded_at is not None and session.recorded_at > told.recorded_at
    )


def _over(told: Told) -> Alert:
    return Alert(told.kind, told.place, f"over; it was told at {told.recorded_at:%Y-%m-%dT%H:%MZ}", "none", over=True)
