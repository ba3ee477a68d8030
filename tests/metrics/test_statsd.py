"""The figures of a session reach a StatsD server by Airflow's own settings; without a server nothing fails or waits."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from tests.pages.lake import CLOCK, LANDED, make_small_lake
from tidemark.catalog import Lake, ops
from tidemark.operate.session_outcomes import read_plans
from tidemark.operate.status import read_status
from tidemark.session import open_context
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.spec.load import load_specs
from tidemark.stages import Committed
from tidemark.state.effect import ReplaceRanges
from tidemark.state.ranges import Interval
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context

pytestmark = pytest.mark.dags

NOW = CLOCK + timedelta(hours=5)
Metrics = Callable[..., ModuleType]


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A UDP socket that stands for a StatsD server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        yield server


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Metrics]:
    """Set Airflow's metrics up as a task process does, and return the module that reports."""

    def set_up(**values: object) -> ModuleType:
        monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
        for key, value in values.items():
            monkeypatch.setenv(f"AIRFLOW__METRICS__{key.upper()}", str(value))
        from airflow.sdk.observability import stats
        from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

        from tidemark.airflow import metrics

        stats.initialize(factory=get_stats_factory(), export_legacy_names=True)
        return metrics

    yield set_up
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW__METRICS__STATSD_ON", "False")
        set_up()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with a landing session that has an account."""
    return make_small_lake(tmp_path)


@pytest.fixture
def context(lake: Lake, tmp_path: Path) -> Context:
    settings = Settings(home=tmp_path, schemas=CHECKOUT / "schemas", values=load_settings({}).values)
    return open_context(settings, CLOCK, opening=lambda _: lake)


@pytest.fixture
def committed(lake: Lake) -> Committed:
    plan = read_plans(lake, ["landed-1"])["landed-1"]
    (row,) = ops.rows(lake, "ops.high_watermarks", ops.of_session("landed-1"), ("current",))
    return Committed(plan, Watermark.from_json(row["current"]))


def received(server: socket.socket, number: int) -> dict[str, str]:
    """Return the next datagrams of ours by name, among those that Airflow sends of itself."""
    found: dict[str, str] = {}
    while len(found) < number:
        name, _, value = server.recv(4096).decode().partition(":")
        if ".tidemark." in name:
            found[name] = value
    return found


def test_a_session_sends_its_time_rows_late_rows_partitions_and_lag(
    receiver: socket.socket, metrics: Metrics, context: Context, committed: Committed
) -> None:
    module = metrics(statsd_on=True, statsd_host="127.0.0.1", statsd_port=receiver.getsockname()[1])
    module.report_session(context, committed, NOW)
    found = received(receiver, 6)
    kind = f"airflow.tidemark.session.time.{LANDED}"
    assert found.pop(kind).endswith("|ms")
    assert found == {
        f"airflow.tidemark.session.rows.{LANDED}": "0|c",
        f"airflow.tidemark.session.late_rows.{LANDED}": "14|c",
        f"airflow.tidemark.session.partitions_rebuilt.{LANDED}": "0|c",
        f"airflow.tidemark.session.partitions_changed.{LANDED}": "0|c",
        f"airflow.tidemark.lag_seconds.{LANDED}": "18000|g",
    }


def test_the_time_of_a_session_is_that_since_it_was_planned(
    receiver: socket.socket, metrics: Metrics, context: Context, committed: Committed
) -> None:
    module = metrics(statsd_on=True, statsd_host="127.0.0.1", statsd_port=receiver.getsockname()[1])
    (row,) = ops.rows(context.lake, "ops.sessions", ops.of_session("landed-1"), ("recorded_at",))
    module.report_session(context, committed, row["recorded_at"] + timedelta(seconds=90))
    assert float(received(receiver, 1)[f"airflow.tidemark.session.time.{LANDED}"].removesuffix("|ms")) == 90_000


def test_rebuilt_partitions_are_counted_even_if_none_of_them_differed(
    receiver: socket.socket, metrics: Metrics, context: Context, committed: Committed
) -> None:
    module = metrics(statsd_on=True, statsd_host="127.0.0.1", statsd_port=receiver.getsockname()[1])
    days = (Interval(CLOCK.replace(hour=0) - timedelta(days=3), CLOCK.replace(hour=0)),)
    rebuilt = replace(committed.plan, dataset="search.interactions", effect=ReplaceRanges(days, days))
    module.report_session(context, replace(committed, plan=rebuilt), NOW)
    found = received(receiver, 6)
    assert found["airflow.tidemark.session.partitions_rebuilt.search.interactions"] == "3|c"
    assert found["airflow.tidemark.session.partitions_changed.search.interactions"] == "0|c"


def test_a_server_that_knows_tags_gets_the_dataset_as_one(
    receiver: socket.socket, metrics: Metrics, context: Context, committed: Committed
) -> None:
    port = receiver.getsockname()[1]
    module = metrics(statsd_on=True, statsd_host="127.0.0.1", statsd_port=port, statsd_influxdb_enabled=True)
    module.report_session(context, committed, NOW)
    assert received(receiver, 6)[f"airflow.tidemark.session.late_rows,dataset={LANDED}"] == "14|c"


def test_the_periodic_check_sends_the_lag_of_each_dataset(
    receiver: socket.socket, metrics: Metrics, lake: Lake, context: Context
) -> None:
    module = metrics(statsd_on=True, statsd_host="127.0.0.1", statsd_port=receiver.getsockname()[1])
    specs = load_specs(context.settings.schemas, context.settings.values)
    module.report_lag(read_status(lake, specs, NOW, context.settings.values), NOW)
    assert received(receiver, 1) == {f"airflow.tidemark.lag_seconds.{LANDED}": "18000|g"}


def test_without_a_server_nothing_fails_and_a_fault_is_only_logged(
    metrics: Metrics, context: Context, committed: Committed, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    module = metrics(statsd_on=True, statsd_host="127.0.0.1", statsd_port=port)
    module.report_session(context, committed, NOW)
    assert caplog.messages == []
    mark = replace(committed.watermark, snapshot=1) if committed.watermark else None
    module.report_session(context, Committed(replace(committed.plan, dataset="search.nowhere"), mark), NOW)
    assert len(caplog.messages) == 1 and caplog.messages[0].startswith("no metrics of this session: ")


def test_without_the_setting_nothing_is_read(metrics: Metrics, committed: Committed) -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} was read")

    module = metrics(statsd_on=False)
    module.report_session(Untouchable(), committed, datetime.now(UTC))
    module.report_lag(Untouchable(), datetime.now(UTC))
    assert not module._is_on()
