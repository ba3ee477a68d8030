"""What tasks do: the three of a dataset, and those before and after them.

Each task opens the lake by itself, so any of them can run again alone.

Between the tasks of a session, XCom carries only its id and its kind of work, which `ops.sessions` also records. In
`restate` it also carries what was previewed and which datasets were chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from tidemark.airflow.task_log import StepFailed, say, say_failure

if TYPE_CHECKING:
    from tidemark.airflow.run_request import RunRequest

Result = TypeVar("Result")


def init(dataset: str) -> dict[str, str]:
    """Plan a session and return its id. If there is nothing to do, this task and the next two are skipped."""
    return run_step(lambda: _init(dataset))


def write_audit_publish(dataset: str, planned: dict[str, str]) -> str:
    """Carry out the planned session and return the id of the published one.

    The ids differ if the session had to be planned again. If another run has meanwhile done the same work, this task
    and commit are skipped.
    """
    return run_step(lambda: _write_audit_publish(dataset, planned["session"]))


def commit(dataset: str, published: str) -> None:
    """Close the session. An asset event tells other DAGs through when the dataset is complete."""
    run_step(lambda: _commit(dataset, published))


def preview(datasets: list[str]) -> dict[str, Any]:
    """Say what the rebuild that the run asks for would touch.

    Returns the sentences, whether a person has to approve it, and those of the DAG's datasets whose sessions run.
    """
    return run_step(lambda: _preview(datasets))


def has_work(datasets: list[str]) -> bool:
    """Whether a run has something to do. False only for a run of a backfill whose ranges earlier runs have rebuilt."""
    return run_step(lambda: _has_work(datasets))


def owes_ranges(datasets: list[str]) -> bool:
    """Whether one of the datasets owes ranges that the next run can rebuild. False in a run with a range."""
    return run_step(lambda: _owes_ranges(datasets))


def _is_left(context: Any, dataset: str, request: Any) -> bool:
    """Whether a dataset has to be rebuilt. If that cannot be said, its own init reports why."""
    from tidemark.airflow.restate import to_rebuild
    from tidemark.errors import TidemarkError

    try:
        return to_rebuild(context, dataset, request, say)
    except TidemarkError as error:
        say(str(error))
        return True


def _preview(datasets: list[str]) -> dict[str, Any]:
    from tidemark.operate.preview import followers, is_large, preview
    from tidemark.operate.preview_text import preview_lines
    from tidemark.state.cause import Restatement

    request = _request()
    assert request.dataset and request.range and request.request_id, "the DAG declares these parameters"
    restatement = Restatement(request.range, request.request_id, request.reason)
    context = _open(request.clock)
    found = preview(context, request.dataset, restatement)
    lines = preview_lines(found)
    say("\n".join(lines))
    if request.plan_only:
        return {"text": "", "ask": False, "datasets": []}
    readers = followers(context.specs, request.dataset) if request.with_readers else ()
    return {
        "text": "\n\n".join([*_asked(request), *lines]),
        "ask": found is not None and is_large(found),
        "datasets": [request.dataset, *(name for name in readers if name in datasets)],
    }


def _asked(request: RunRequest) -> list[str]:
    """Return who asks for a rebuild, why, and whether its readers run too, for the person who approves it."""
    who = getattr(get_current_context()["dag_run"], "triggering_user_name", None)
    readers = "run in this run too" if request.with_readers else "follow at their usual runs"
    return [f"asked by {who or 'somebody unknown'}: {request.reason or 'no reason given'}", f"its readers {readers}"]


def _chosen() -> list[str]:
    """Return the datasets that the run may work on: those that the task `choose` named; none if it did not run.

    Airflow follows the arrows behind a chosen task, and a cleared task does not look at what was skipped before. So
    each init asks again.
    """
    return get_current_context()["ti"].xcom_pull(task_ids="choose", key="datasets") or []


def _has_work(datasets: list[str]) -> bool:
    request = _request()
    if not request.is_backfill:
        return True
    context = _open(request.clock)
    left = next((name for name in datasets if _is_left(context, name, request)), None)
    say(f"{left} is to be rebuilt" if left else "nothing to do: the other tasks are skipped")
    return left is not None


def _owes_ranges(datasets: list[str]) -> bool:
    if _request().range is not None:
        return False
    context = _open(_clock())
    continued = [name for name in datasets if _next_run_continues(context, name)]
    return bool(continued)


def _next_run_continues(context: Any, dataset: str) -> bool:
    """Whether a dataset owes ranges that its next session would rebuild. False if it waits for an input."""
    from tidemark import session
    from tidemark.lineage.publish_commit import watermark_of
    from tidemark.state.effect import Nothing
    from tidemark.state.ranges import describe

    table = context.lake.find_table(dataset)
    mark = watermark_of(table) if table is not None else None
    if mark is None or not mark.owed:
        return False
    plan = session.plan(context, dataset)
    continues = not isinstance(plan.effect, Nothing)
    outlook = "the next run continues with it" if continues else "; ".join(plan.notes)
    say(f"{dataset} owes {describe(mark.owed)}: {outlook}")
    return continues


def _init(dataset: str) -> dict[str, str]:
    from tidemark import session
    from tidemark.airflow.restate import named, restatement_of, why_not_built
    from tidemark.state.cause import NEWS
    from tidemark.state.effect import Nothing

    request = _request()
    if request.dataset is not None and dataset not in _chosen():
        raise AirflowSkipException(f"{dataset}: this run is not asked for it, or was not approved")
    context = _open(request.clock)
    restatement = None
    if request.range is not None:
        restatement = restatement_of(context, dataset, request)
        reason = why_not_built(context, dataset, restatement) if restatement else None
        if reason:
            raise AirflowSkipException(reason)
        if restatement:
            restatement = named(context, dataset, restatement)
            say(f"{dataset}: asked for {restatement.range}, in UTC; a table is rebuilt by whole partitions")
    plan = session.init(context, dataset, restatement or NEWS, say).plan
    if isinstance(plan.effect, Nothing):
        raise AirflowSkipException(f"{dataset}: nothing to do")
    return {"session": plan.session, "how": plan.how.value}


def _write_audit_publish(dataset: str, planned: str) -> str:
    from tidemark import session
    from tidemark.airflow.lineage import report_lineage
    from tidemark.state.effect import Nothing

    context = _open(_clock())
    published = session.write_audit_publish(context, dataset, planned, say=say)
    if isinstance(published.plan.effect, Nothing):
        raise AirflowSkipException(f"{dataset}: another session has done this work meanwhile")
    report_lineage(context, published)
    return published.plan.session


def _commit(dataset: str, published: str) -> None:
    from tidemark import session
    from tidemark.airflow.metrics import report_session
    from tidemark.operate.remarks import read_remark
    from tidemark.state.ranges import format_instant

    context = _open(_clock())
    committed = session.commit(context, dataset, published, say=say)
    report_session(context, committed, datetime.now(UTC))
    mark = committed.watermark
    if remark := read_remark(context.lake, dataset):
        say(f"{dataset}: {remark}")
    if mark is None:
        return
    through = format_instant(mark.complete_through) if mark.complete_through else None
    extra = {"session": mark.session, "complete_through": through, "snapshot": str(mark.snapshot)}
    get_current_context()["outlet_events"][Asset(dataset)].extra = extra


def _request() -> Any:
    from tidemark.airflow.run_request import read_request

    run = get_current_context()
    return read_request(run["dag_run"], run["params"], list(run["dag"].params))


def _clock() -> Any:
    from tidemark.airflow.run_request import clock_of

    run = get_current_context()
    return clock_of(run["dag_run"], run["params"])


def _open(clock: Any) -> Any:
    from tidemark.airflow.run_request import name_of
    from tidemark.operate.pins import find_pins
    from tidemark.session import open_context
    from tidemark.settings import load_settings
    from tidemark.settings.run_parameters import check_clock

    settings = load_settings()
    run = get_current_context()["dag_run"]
    check_clock(clock, max(run.run_after, run.start_date or run.run_after), settings.values)
    context = open_context(settings, clock)
    name = name_of(run)
    return replace(context, run=name, pins=find_pins(context.lake, name) or {})


def run_step(step: Callable[[], Result]) -> Result:
    """Run a step and return its result. If it fails or is skipped, the log says why, above what Airflow adds.

    Raises StepFailed, which Airflow does not retry, for an error that would occur again at every retry. Other errors
    pass through and are retried.
    """
    from tidemark import errors

    permanent = (
        errors.SettingsError,
        errors.SpecError,
        errors.RequestRefused,
        errors.InputChanged,
        errors.ColumnsDiffer,
        errors.OutputRefused,
        errors.TargetChanged,
        errors.AuditFailed,
        errors.LandingError,
    )
    try:
        return step()
    except AirflowSkipException as skipped:
        say(f"skipped: {skipped}")  # Airflow says it too, but folded away
        raise
    except permanent as error:
        say_failure(error, permanent=True)
        raise StepFailed(error) from None
    except Exception as error:
        say_failure(error, permanent=False)
        raise
