"""Tell that a wait for inputs reached its deadline. Import this module only inside a task."""

from __future__ import annotations

from datetime import datetime

from tidemark.airflow.alerting.channels import Sent, send
from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.settings import load_settings
from tidemark.state.ranges import format_instant


def tell_went_on(dataset: str, waited_for: str, deadline: datetime) -> Sent:
    """Tell that a run went on at its deadline although an input was not complete.

    `dataset` is what the run builds. `waited_for` says for what it waited, for example `search.interactions to be
    complete through 2026-04-12T00:00Z; it is complete through 2026-04-11T22:00Z`.
    """
    alert = Alert(
        Kind.went_on,
        dataset,
        f"waited until {format_instant(deadline)} for {waited_for}\nwent on with what is there",
        f".venv/bin/tidemark plan {dataset}",
        f"sessions?dataset={dataset}",
    )
    return send(alert, load_settings())
