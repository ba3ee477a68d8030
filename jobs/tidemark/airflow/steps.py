"""What the three tasks of a dataset do. Each opens the lake anew, so that any of them can be run again alone.

XCom carries the session's id and nothing that could not be found again in `ops.sessions`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

Given = TypeVar("Given")
_LOG = logging.getLogger(__name__)


def init(dataset: str) -> dict[str, str]:
    """Plan a session. Skipped where there is nothing to do, and the other two tasks with it."""
    return refusing(lambda: _init(dataset))


def write_audit_publish(dataset: str, planned: dict[str, str]) -> str:
    """Carry out the planned session; the id of what was published, which may have been planned anew.

    Skipped, and commit with it, where another run has meanwhile done what was asked.
    """
    return refusing(lambda: _write_audit_publish(dataset, planned["session"]))


def commit(dataset: str, published: str) -> None:
    """Close the session, and tell other DAGs by an asset event through when the dataset is complete."""
    refusing(lambda: _commit(dataset, published))


def owed(datasets: list[str]) -> bool:
    """Whether one of the datasets still owes ranges that the next run can take in."""
    return refusing(lambda: _owed(datasets))


def _owed(datasets: list[str]) -> bool:
    if _asked().range is not None:
        return False
    context = _open(_clock())
    going_on = [name for name in datasets if _goes_on(context, name)]
    return bool(going_on)


def _goes_on(context: Any, dataset: str) -> bool:
    """Whether a dataset owes ranges that its next session would take in; one that waits for an input would not."""
    from tidemark import session
    from tidemark.lineage.publish_commit import watermark_of
    from tidemark.state.effect import Nothing
    from tidemark.state.ranges import describe

    table = context.lake.find_table(dataset)
    mark = watermark_of(table) if table is not None else None
    if mark is None or not mark.owed:
        return False
    plan = session.plan(context, dataset)
    goes_on = not isinstance(plan.effect, Nothing)
    then = "the next run goes on with it" if goes_on else "; ".join(plan.notes)
    _tell(f"{dataset} owes {describe(mark.owed)}: {then}")
    return goes_on


def _init(dataset: str) -> dict[str, str]:
    from tidemark import session
    from tidemark.airflow.restate import nothing_there, request_of
    from tidemark.state.cause import NEWS
    from tidemark.state.effect import Nothing

    wish = _asked()
    context = _open(wish.clock)
    request = None
    if wish.range is not None:
        request = request_of(context, dataset, wish)
        reason = nothing_there(context, dataset, request) if request else None
        if reason:
            raise AirflowSkipException(reason)
        if request:
            _tell(f"{dataset}: asked for {request.range}, in UTC; a table is rebuilt by whole partitions")
    plan = session.init(context, dataset, request or NEWS, _tell).plan
    if isinstance(plan.effect, Nothing):
        raise AirflowSkipException(f"{dataset}: nothing to do")
    return {"session": plan.session, "how": plan.how.value}


def _write_audit_publish(dataset: str, planned: str) -> str:
    from tidemark import session
    from tidemark.state.effect import Nothing

    plan = session.write_audit_publish(_open(_clock()), dataset, planned, say=_tell).plan
    if isinstance(plan.effect, Nothing):
        raise AirflowSkipException(f"{dataset}: another session has meanwhile done what was asked")
    return plan.session


def _commit(dataset: str, published: str) -> None:
    from tidemark import session
    from tidemark.state.ranges import format_instant

    mark = session.commit(_open(_clock()), dataset, published, say=_tell).watermark
    if mark is None:
        return
    through = format_instant(mark.complete_through) if mark.complete_through else None
    extra = {"session": mark.session, "complete_through": through, "snapshot": str(mark.snapshot)}
    get_current_context()["outlet_events"][Asset(dataset)].extra = extra


def _tell(text: str) -> None:
    """Say it in the task's log, in its place: what is printed reaches Airflow later, behind the task's end."""
    from tidemark.session import WARNING

    for line in text.splitlines():
        _LOG.log(logging.WARNING if line.startswith(WARNING) else logging.INFO, "%s", line)


def _asked() -> Any:
    from tidemark.airflow.asked import asked

    run = get_current_context()
    return asked(run["dag_run"], run["params"], list(run["dag"].params))


def _clock() -> Any:
    from tidemark.airflow.asked import clock_of

    run = get_current_context()
    return clock_of(run["dag_run"], run["params"])


def _open(clock: Any) -> Any:
    from tidemark.session import open_context
    from tidemark.settings import load_settings
    from tidemark.settings.run_parameters import check_clock

    settings = load_settings()
    run = get_current_context()["dag_run"]
    check_clock(clock, max(run.run_after, run.start_date or run.run_after), settings.values)
    return open_context(settings, clock)


def refusing(step: Callable[[], Given]) -> Given:
    """Run a step. What would fail the same way again is not retried, and ends in its sentence."""
    from tidemark import errors

    lasting = (
        errors.SettingsError,
        errors.SpecError,
        errors.RequestRefused,
        errors.InputChanged,
        errors.ColumnsDiffer,
        errors.TargetChanged,
        errors.AuditFailed,
        errors.LandingError,
    )
    try:
        return step()
    except lasting as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from None
