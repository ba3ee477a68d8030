"""`complete_through(table)`: a task that waits until a table is complete, in Airflow's triggerer, without a worker.

It is meant for every DAG that reads published tables, not only for those of this repository.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from tidemark.airflow.steps import run_step

if TYPE_CHECKING:
    from tidemark.settings import Settings

_LOGGER = logging.getLogger(__name__)

MARGIN = timedelta(minutes=5)
"""How long after the deadline Airflow ends a wait whose trigger has not answered, because no triggerer runs. The task
is then retried: it finds the deadline passed, and goes on."""


class CompleteThrough(BaseSensorOperator):
    """The task that `complete_through` returns. `through` is a template."""

    template_fields = ("through",)

    def __init__(self, *, dataset: str, through: str | None, final: bool, deadline: timedelta, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset, self.through, self.final, self.deadline = dataset, through, final, deadline

    def execute(self, context: Any) -> None:
        """Look once. If the table is not complete yet, leave the worker and wait in the triggerer."""
        run_step(lambda: self._execute(context))

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        """Go on after the wait. The deadline is no failure: the tables hold what is complete, and nothing else."""
        if event["reached"]:
            _LOGGER.info("%s; the run goes on", event["found"])
        else:
            self._go_on(context, event["found"], event["wanted"])

    def _execute(self, context: Any) -> None:
        from tidemark.operate.completeness import read_completeness
        from tidemark.settings import load_settings
        from tidemark.state.ranges import format_instant

        settings = load_settings()
        wanted = _wanted(context, self, settings)
        if wanted is None:
            return
        found = read_completeness(settings, self.dataset, self.final)
        until = _started(context) + self.deadline
        if found.reaches(wanted):
            _LOGGER.info("%s; wanted: %s; no wait", found.describe(), format_instant(wanted))
        elif until <= datetime.now(UTC):
            self._go_on(context, found.describe(), format_instant(wanted))
        else:
            _LOGGER.info("%s; waiting for %s", found.describe(), format_instant(wanted))
            self._wait(format_instant(wanted), until)

    def _wait(self, wanted: str, until: datetime) -> None:
        from tidemark.airflow.completeness_trigger import CompletenessTrigger

        trigger = CompletenessTrigger(self.dataset, wanted, self.final, until.isoformat(timespec="seconds"))
        self.defer(trigger=trigger, method_name="execute_complete", timeout=until - datetime.now(UTC) + MARGIN)

    def _go_on(self, context: Any, found: str, wanted: str) -> None:
        from tidemark.airflow.alerting.waits import tell_went_on

        limit = f"the deadline of {self.deadline} has passed"
        tell_went_on(context, f"{found}; wanted: {wanted}; {limit}. The run goes on with what is there")


def complete_through(
    dataset: str, deadline: timedelta, through: str | None = None, final: bool = False, task_id: str | None = None
) -> CompleteThrough:
    """Return a task that waits until a table is complete, or with `final` until no late event can change it any more.

    Args:
        dataset: The table, as its spec names it.
        deadline: How long the run may wait, from its start. Then the task succeeds with a warning, and the run goes
            on with what is there.
        through: The instant through which the table must be complete, in its own event time; a template such as
            `{{ data_interval_end | ts }}`. Every run then waits. Without it, scheduled runs wait until the table holds
            all that logs through the last whole hour of their data interval give it. Other runs do not wait: their
            dates lie in the past, or somebody has asked for what is there now. Nor do runs in a home whose logs were
            handed in as history, because there the clock says nothing about them.
        final: Wait for `final_through` instead of `complete_through`.
        task_id: By default `wait_for_` and the table's name without the namespace.
    """
    name = task_id or f"wait_for_{dataset.rpartition('.')[2]}"
    shown = f"wait until {dataset} is {'final' if final else 'complete'}"
    return CompleteThrough(
        task_id=name, task_display_name=shown, dataset=dataset, through=through, final=final, deadline=deadline
    )


def _wanted(context: Any, task: CompleteThrough, settings: Settings) -> datetime | None:
    """Return the instant to wait for; None, with a line in the log, if the run does not wait."""
    from tidemark.operate.reach import reach_of
    from tidemark.settings.run_parameters import parse_instant_parameter
    from tidemark.spec.load import load_specs
    from tidemark.state.ranges import floor
    from tidemark.steps.context import find_spec

    specs = load_specs(settings.schemas, settings.values)
    find_spec(specs, task.dataset)
    if task.through is not None:
        return parse_instant_parameter(task.through, "through")
    reason = why_no_wait(context["dag_run"], settings.values)
    if reason is None:
        reach = reach_of(task.dataset, specs, floor(context["dag_run"].data_interval_end, "hour"))
        wanted = reach.final_through if task.final else reach.complete_through
        if wanted is not None:
            return wanted
        reason = "no source that follows the clock limits this table"
    _LOGGER.info("%s: no wait: %s", task.dataset, reason)
    return None


def why_no_wait(run: Any, values: Any) -> str | None:
    """Return why a run without an instant of its own does not wait; None if it does."""
    kind = str(getattr(run.run_type, "value", run.run_type))
    if kind != "scheduled" or run.data_interval_end is None:
        return f"this run is {kind}, and only scheduled runs wait"
    if values.get("landing", {}).get("completeness", "clock") == "data":
        return "the logs of this home were handed in as history (landing.completeness: data)"
    return None


def _started(context: Any) -> datetime:
    """Return when the run started. A run that is cleared starts again; one that was queued has not lost time."""
    started: datetime | None = context["dag_run"].start_date
    return started or datetime.now(UTC)
