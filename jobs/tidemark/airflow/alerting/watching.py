"""Tell what no failed task shows: missed deadlines, blocked inputs, overdue data, stuck sessions, refused rankers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tidemark.airflow.alerting.channels import Sent, send
from tidemark.airflow.alerting.turns import taking_turns
from tidemark.airflow.metrics import report_lag
from tidemark.catalog import Lake
from tidemark.operate.alerts.alert import trial_alert
from tidemark.operate.alerts.conditions import Condition, find_conditions
from tidemark.operate.alerts.record import read_told, record
from tidemark.operate.alerts.watch import domain_conditions, find_news
from tidemark.operate.lakes import has_lake, open_existing_lake
from tidemark.operate.status import DatasetStatus, read_status
from tidemark.settings import Settings, load_settings
from tidemark.spec.load import load_specs
from tidemark.support.text import count


def watch(test: bool = False) -> str:
    """Tell what begins and what is over, and return a line that says how much. With `test`, send a test message too."""
    settings = load_settings()
    if test:
        send(trial_alert("the DAG watch_tables"), settings)
    if not has_lake(settings):
        return "there is no lake yet"
    return tell_news(settings, open_existing_lake(settings), datetime.now(UTC))


def tell_news(settings: Settings, lake: Lake, now: datetime) -> str:
    """Send an alert about each condition that begins or is over, and record those that were delivered.

    How far each dataset is behind is sent as a metric too, if Airflow is set up for metrics.

    One that could not be delivered is sent again by the next check.
    """
    found, conditions = _look(settings, lake, now)
    report_lag(found, now)
    with taking_turns(settings):
        news = list(find_news(conditions, read_told(lake), found, now))
        delivered = sum(_tell(settings, lake, each) for each in news)
    return f"{count(len(conditions), 'condition')} now; {len(news)} to tell, {delivered} delivered"


def rehearse(settings: Settings, lake: Lake, clock: datetime) -> list[Sent]:
    """Send what would be told if it were `clock` by the machine's clock, marked as a rehearsal. Nothing is recorded."""
    found, conditions = _look(settings, lake, clock)
    news = find_news(conditions, read_told(lake), found, clock)
    return [send(replace(each.alert, rehearsal=True), settings) for each in news]


def _look(settings: Settings, lake: Lake, now: datetime) -> tuple[tuple[DatasetStatus, ...], list[Condition]]:
    """Return the status of each dataset, and the conditions that hold."""
    specs = load_specs(settings.schemas, settings.values)
    found = read_status(lake, specs, now, settings.values)
    return found, [*find_conditions(found, specs, now), *domain_conditions(lake)]


def _tell(settings: Settings, lake: Lake, condition: Condition) -> bool:
    sent = send(condition.alert, settings)
    if sent.is_delivered:
        record(lake, condition.key, condition.alert, sent.took, condition.dataset, condition.session)
    return sent.is_delivered
