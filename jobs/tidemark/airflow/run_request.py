"""Read what a DAG run asks for. The result depends on the run alone, never on the time of day."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from tidemark.errors import RequestRefused
from tidemark.settings.run_parameters import (
    check_dataset,
    check_reason,
    make_request,
    parse_instant_parameter,
    read_range,
)
from tidemark.state.ranges import Interval
from tidemark.support.text import printable


class Run(Protocol):
    """The part of Airflow's DagRun that is used."""

    dag_id: str
    run_id: str
    run_type: Any
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    start_date: datetime | None
    triggering_user_name: str | None


@dataclass(frozen=True)
class RunRequest:
    """The clock of a run and, for a restatement, its range, its reason and its request id.

    `range` is None for a usual run. `request_id` is also None for a backfill: a backfill is many runs, so its requests
    are named after what they rebuild (see `name_backfill`). `dataset` is the only dataset to rebuild; None means every
    dataset of the DAG. `with_readers` asks for the sessions of its readers too, and `plan_only` for no session at all.
    """

    clock: datetime
    range: Interval | None = None
    reason: str = ""
    request_id: str | None = None
    dataset: str | None = None
    with_readers: bool = False
    plan_only: bool = False

    @property
    def is_backfill(self) -> bool:
        """Whether the run is one of many that rebuild a range together."""
        return self.range is not None and self.request_id is None


def read_request(run: Run, params: Mapping[str, Any], declared: Collection[str]) -> RunRequest:
    """Return what the run asks for.

    `params` are the run's parameters, `declared` the names of the parameters that its DAG declares. Raises
    RequestRefused with the name of a wrong parameter and what is allowed.
    """
    check_params(run.dag_id, params, declared)
    clock = clock_of(run, params)
    bounds = {name: params.get(name) or None for name in ("from", "to")}
    if _run_type(run) == "backfill":
        return _read_backfill(run, params, clock, bounds)
    if not any(bounds.values()) and "dataset" not in declared:
        return RunRequest(clock)
    interval = read_range(bounds["from"], bounds["to"], clock)
    digest = hashlib.sha256(f"{run.dag_id} {run.run_id}".encode()).hexdigest()[:16]
    reason = str(params.get("reason") or _default_reason(run))
    request = make_request(interval, f"run {run.dag_id[:100]} {digest}", reason)
    asked = RunRequest(clock, request.range, request.reason, request.request_id)
    return _read_choice(asked, params) if "dataset" in declared else asked


def _read_choice(asked: RunRequest, params: Mapping[str, Any]) -> RunRequest:
    """Return the request with what the form of `restate` chooses. Raises RequestRefused."""
    return replace(
        asked,
        dataset=check_dataset(str(params.get("dataset"))),
        with_readers=_read_bool(params, "readers"),
        plan_only=_read_bool(params, "plan_only"),
    )


def _read_bool(params: Mapping[str, Any], name: str) -> bool:
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise RequestRefused(f"{name}: {printable(str(value))[:40]} is neither true nor false")
    return value


def check_params(dag: str, params: Mapping[str, Any], declared: Collection[str]) -> None:
    """Refuse a parameter that the DAG does not declare. Raises RequestRefused.

    Airflow accepts any key in a run's conf. Without this check, a run with a mistyped key would silently be a usual
    run.
    """
    unknown = [name for name in params if name not in declared]
    if unknown:
        named = ", ".join(printable(str(name))[:40] for name in unknown[:5])
        allowed = f"{', '.join(declared)}, spelled exactly like this" if declared else "no parameters"
        raise RequestRefused(f"{named}: unknown parameter; {dag} takes {allowed}; trigger it again")


def clock_of(run: Run, params: Mapping[str, Any]) -> datetime:
    """Return the instant that a run counts as now: the parameter `clock` if it is given.

    Otherwise it is the end of the data interval for a scheduled run, the start for a backfill run, and the time of
    triggering for any other run. A backfill does not use its interval, because it reads what its inputs hold now.
    Raises RequestRefused if the parameter is not an instant.
    """
    if params.get("clock"):
        return parse_instant_parameter(str(params["clock"]), "clock")
    if _run_type(run) == "scheduled" and run.data_interval_end is not None:
        return run.data_interval_end
    return (run.start_date or run.run_after) if _run_type(run) == "backfill" else run.run_after


def name_of(run: Run) -> str:
    """Return the name of a run: its DAG and its id with `/` between them. A run keeps its name if it is cleared."""
    return f"{run.dag_id}/{run.run_id}"


def _read_backfill(run: Run, params: Mapping[str, Any], clock: datetime, bounds: Mapping[str, Any]) -> RunRequest:
    if any(bounds.values()):
        raise RequestRefused(
            "from, to: a backfill already has its dates; leave both parameters empty, or trigger a single run"
        )
    if run.data_interval_start is None or run.data_interval_end is None:
        raise RequestRefused("this backfill run has no data interval; give its DAG an interval timetable")
    interval = Interval(run.data_interval_start, run.data_interval_end)
    return RunRequest(clock, interval, check_reason(str(params.get("reason") or f"backfill {_default_reason(run)}")))


def _default_reason(run: Run) -> str:
    return f"asked for in Airflow by {printable(run.triggering_user_name or 'an unnamed user')[:100]}"


def _run_type(run: Run) -> str:
    return str(getattr(run.run_type, "value", run.run_type))
