"""What a run asks for, from what Airflow says of it. A function of the run, never of the time of day."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tidemark.errors import RequestRefused
from tidemark.settings.run_parameters import check_reason, make_request, parse_instant_parameter, read_range
from tidemark.state.ranges import Interval
from tidemark.support.text import printable


class Run(Protocol):
    """The part of Airflow's DagRun that is looked at."""

    dag_id: str
    run_id: str
    run_type: Any
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    start_date: datetime | None
    triggering_user_name: str | None


@dataclass(frozen=True)
class Asked:
    """The clock of a run; and for a restatement its range, its reason and the name of the asking.

    `request_id` is None for a backfill, which is many runs: it is named after what it would rebuild.
    """

    clock: datetime
    range: Interval | None = None
    reason: str = ""
    request_id: str | None = None


def asked(run: Run, params: Mapping[str, Any], declared: Collection[str]) -> Asked:
    """What the run asks for. Raises RequestRefused with the parameter and what is allowed.

    `declared` are the parameters of the DAG.
    """
    check_params(run.dag_id, params, declared)
    clock = clock_of(run, params)
    said = {name: params.get(name) or None for name in ("from", "to")}
    if _kind(run) == "backfill":
        return _backfill(run, params, clock, said)
    if not any(said.values()):
        return Asked(clock)
    wanted = read_range(said["from"], said["to"], clock)
    name = hashlib.sha256(f"{run.dag_id} {run.run_id}".encode()).hexdigest()[:16]
    request = make_request(wanted, f"run {run.dag_id[:100]} {name}", str(params.get("reason") or _by(run)))
    return Asked(clock, request.range, request.reason, request.request_id)


def check_params(dag: str, params: Mapping[str, Any], declared: Collection[str]) -> None:
    """Refuse a parameter that the DAG does not declare. Raises RequestRefused.

    Airflow lets any key of a run's conf through; one that nobody reads would make a usual run of what was meant
    as another.
    """
    unknown = [name for name in params if name not in declared]
    if unknown:
        named = ", ".join(printable(str(name))[:40] for name in unknown[:5])
        takes = f"{', '.join(declared)}, written like this" if declared else "no parameters"
        raise RequestRefused(f"{named}: unknown here; {dag} takes {takes}; trigger it again")


def clock_of(run: Run, params: Mapping[str, Any]) -> datetime:
    """A scheduled run stands at the end of its interval, any other one where it was started.

    A backfill's interval lies in the past, but its asking does not: it takes in what is there now.
    """
    if params.get("clock"):
        return parse_instant_parameter(str(params["clock"]), "clock")
    if _kind(run) == "scheduled" and run.data_interval_end is not None:
        return run.data_interval_end
    return (run.start_date or run.run_after) if _kind(run) == "backfill" else run.run_after


def _backfill(run: Run, params: Mapping[str, Any], clock: datetime, said: Mapping[str, Any]) -> Asked:
    if any(said.values()):
        raise RequestRefused("from, to: a backfill has its dates already; leave both empty, or trigger a single run")
    if run.data_interval_start is None or run.data_interval_end is None:
        raise RequestRefused("a backfill run without a data interval; this DAG needs an interval timetable")
    interval = Interval(run.data_interval_start, run.data_interval_end)
    return Asked(clock, interval, check_reason(str(params.get("reason") or f"backfill {_by(run)}")))


def _by(run: Run) -> str:
    return f"asked for in Airflow by {printable(run.triggering_user_name or 'an unnamed user')[:100]}"


def _kind(run: Run) -> str:
    return str(getattr(run.run_type, "value", run.run_type))
