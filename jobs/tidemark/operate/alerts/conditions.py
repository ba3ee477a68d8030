"""The conditions that the status of the datasets shows: what holds now and calls for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.operate.in_progress import is_stuck
from tidemark.operate.session_outcomes import Outcome
from tidemark.operate.status import DatasetStatus
from tidemark.operate.status_text import describe_deadline, describe_waits, shown_instant
from tidemark.spec import DatasetSpec
from tidemark.state.ranges import describe

REFUSED_SHARE = 0.05
"""If the newest landing refused more than this share of its records, somebody has to look at the files."""


@dataclass(frozen=True)
class Condition:
    """Something that holds now, and its alert.

    `key` names the condition among all that were ever told. `because_of` names conditions that explain this one: while
    one of them holds, and for a while after, this one is not told. `dataset` and `session` are set if the condition
    lasts until a session after this one has closed.
    """

    key: str
    alert: Alert
    because_of: tuple[str, ...] = ()
    dataset: str | None = None
    session: str | None = None


def find_conditions(
    found: Sequence[DatasetStatus], specs: Mapping[str, DatasetSpec], now: datetime
) -> Iterator[Condition]:
    """Yield what calls for somebody. `now` is the machine's clock.

    If a dataset is late because an input of it is late, the alert of the input names it.
    """
    late = [dataset.dataset for dataset in found if dataset.late]
    inputs = {name: inputs_of(specs, name) for name in late}
    yield from _refused(found, specs)
    for dataset in found:
        yield from _session(dataset, now)
        if dataset.overdue:
            yield _overdue(dataset)
        if dataset.late:
            name = dataset.dataset
            yield _late(dataset, inputs[name], [other for other in late if name in inputs[other]])


def inputs_of(specs: Mapping[str, DatasetSpec], dataset: str) -> tuple[str, ...]:
    """Return the inputs of a dataset, and theirs, without the dataset itself."""
    waiting, seen = [dataset], {dataset}
    while waiting:
        for window in specs[waiting.pop()].inputs.values():
            if window.dataset not in seen:
                seen.add(window.dataset)
                waiting.append(window.dataset)
    return tuple(sorted(seen - {dataset}))


def _session(dataset: DatasetStatus, now: datetime) -> Iterator[Condition]:
    """Yield the condition of the last session: its audit failed, or it is stuck."""
    last = dataset.last
    if last is None:
        return
    page = f"sessions/{last.session}"
    if last.outcome is Outcome.audit_failed:
        what = f"AuditFailed: the rows of session {last.session} did not pass; main is unchanged"
        command = f"correct the cause, then .venv/bin/tidemark run {dataset.dataset}"
        alert = Alert(Kind.audit_failed, dataset.dataset, what, command, page)
        yield Condition(f"AuditFailed {dataset.dataset}", alert, dataset=dataset.dataset, session=last.session)
    if is_stuck(last, now):
        what = f"session {last.session} was planned at {shown_instant(last.recorded_at)} and is {last.outcome}"
        command = f".venv/bin/tidemark run {dataset.dataset}"
        yield Condition(f"stuck {dataset.dataset}", Alert(Kind.stuck, dataset.dataset, what, command, page))


def _refused(found: Sequence[DatasetStatus], specs: Mapping[str, DatasetSpec]) -> Iterator[Condition]:
    """Yield each quarantine that took more than a few of the records of the newest landing."""
    totals = {dataset.dataset: dataset.account.total for dataset in found if dataset.account}
    sources = [(name, spec.landing.quarantine) for name, spec in specs.items() if spec.landing]
    for quarantine in sorted({name for _, name in sources if name in totals}):
        refused = totals[quarantine].refused or 0
        taken = sum(totals[name].taken or 0 for name, other in sources if other == quarantine and name in totals)
        if refused > REFUSED_SHARE * (refused + taken):
            what = f"the newest landing refused {refused:,} of {refused + taken:,} records"
            page = f"sessions?dataset={quarantine}"
            alert = Alert(Kind.unread, quarantine, what, ".venv/bin/tidemark quarantined", page)
            yield Condition(f"refused {quarantine}", alert)


def _overdue(dataset: DatasetStatus) -> Condition:
    what = f"rows came too late to be processed automatically: {describe(dataset.overdue)}"
    start, end = f"{dataset.overdue[0].start:%Y-%m-%dT%H:%M}", f"{dataset.overdue[-1].end:%Y-%m-%dT%H:%M}"
    command = f".venv/bin/tidemark run {dataset.dataset} --from {start} --to {end} --reason overdue"
    page = f"sessions?dataset={dataset.dataset}"
    return Condition(f"overdue {dataset.dataset}", Alert(Kind.overdue, dataset.dataset, what, command, page))


def _late(dataset: DatasetStatus, inputs: Sequence[str], held_back: Sequence[str]) -> Condition:
    """Return the condition of a late dataset: blocked if it waits for an input, otherwise it did not run."""
    lines = [f"complete through {shown_instant(dataset.complete_through)}: {describe_deadline(dataset)}"]
    lines += [f"it waits for {describe_waits(dataset.waits_for)}"] if dataset.waits_for else []
    lines += [f"it holds back {', '.join(held_back)}"] if held_back else []
    kind = Kind.blocked if dataset.waits_for else Kind.late
    source = dataset.waits_for[0].dataset if dataset.waits_for else dataset.dataset
    command, page = f".venv/bin/tidemark plan {source}", f"sessions?dataset={source}"
    alert = Alert(kind, dataset.dataset, "\n".join(lines), command, page)
    return Condition(late_key(dataset.dataset), alert, because_of=tuple(late_key(each) for each in inputs))


def late_key(dataset: str) -> str:
    """Return the key of the condition that a dataset is late."""
    return f"late {dataset}"
