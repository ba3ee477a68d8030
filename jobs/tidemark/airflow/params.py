"""The run parameters, as the form in the Airflow UI shows them. The loop checks the values again."""

from __future__ import annotations

from airflow.sdk import Param

from tidemark.settings.run_parameters import REASON_LENGTH

_INSTANT = "an instant in UTC, like 2026-04-12 (its 00:00 in UTC) or 2026-04-12T07:00Z"


def _optional(title: str, description: str, longest: int = 40) -> Param:
    return Param(None, type=["null", "string"], maxLength=longest, title=title, description=description)


def _required(title: str, description: str, longest: int = 40) -> Param:
    return Param(None, type="string", minLength=1, maxLength=longest, title=title, description=description)


RANGE_PARAMS = {
    "from": _optional("From", f"Start of the range to rebuild: {_INSTANT}. Leave it empty to process what is new"),
    "to": _optional("To", f"End of the range, exclusive: {_INSTANT}"),
    "reason": _optional("Reason", "Why the range is rebuilt; it is recorded", REASON_LENGTH),
}
"""For DAGs whose tables are rebuilt by ranges: a run with `from` and `to` is a restatement."""


def restate_params(datasets: list[str]) -> dict[str, Param]:
    """Return the form of a DAG that rebuilds a range of one of the datasets."""
    return {
        "dataset": Param(None, type="string", enum=datasets, title="Dataset", description="The table to rebuild"),
        "from": _required("From", f"Start of the range to rebuild: {_INSTANT}"),
        "to": _required("To", f"End of the range, exclusive: {_INSTANT}"),
        "reason": _required("Reason", "Why the range is rebuilt; it is recorded", REASON_LENGTH),
        "readers": Param(
            False,
            type="boolean",
            title="Run its readers too",
            description="The tables that read it take in at once what differs. Otherwise their next usual runs do",
        ),
        "plan_only": Param(False, type="boolean", title="Plan only", description="Show what it would do, and stop"),
    }


LANDING_PARAMS = {
    "clock": _optional("Clock", f"The instant that this run takes as now: {_INSTANT}. Empty: when it was triggered"),
}
"""For landing: the clock dates the arrival of records. If sources are complete by the clock, a clock ahead of now is
refused."""
