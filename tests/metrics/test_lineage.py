"""What a session reports of its inputs and its output, and that nothing happens without OpenLineage's provider."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.pages.lake import LANDED, REBUILT, make_small_lake
from tidemark.operate.session_outcomes import read_plans
from tidemark.session import open_context
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.stages import Published
from tidemark.state.effect import TOUCH, AppendFiles
from tidemark.state.plan import InputPlan, Plan
from tidemark.steps.context import Context

pytestmark = pytest.mark.dags

NOW = datetime(2026, 4, 12, tzinfo=UTC)


@pytest.fixture
def lineage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    from tidemark.airflow import lineage

    return lineage


@pytest.fixture
def context(tmp_path: Path) -> Context:
    lake = make_small_lake(tmp_path)
    settings = Settings(home=tmp_path, schemas=CHECKOUT / "schemas", values=load_settings({}).values)
    return open_context(settings, NOW, opening=lambda _: lake)


def reading(dataset: str, snapshot: int) -> InputPlan:
    return InputPlan(dataset, "uuid", None, snapshot, snapshot, None, None, None, "first read")


def rebuilt() -> Plan:
    """A plan with two inputs, of which one is read under two names."""
    inputs = {
        "impressions": reading("search.impressions", 11),
        "actions": reading("search.user_actions", 12),
        "again": reading("search.user_actions", 12),
    }
    return Plan(REBUILT, "uuid", 1, 0, "f", "l", NOW, AppendFiles(()), inputs=inputs, session="s-1")


def test_the_inputs_are_tables_with_columns_at_the_snapshots_that_were_read(
    lineage: ModuleType, context: Context, tmp_path: Path
) -> None:
    found = lineage.inputs_of(context, rebuilt())
    assert [(each.name, each.version) for each in found] == [
        ("search.impressions", "11"),
        ("search.user_actions", "12"),
    ]
    assert {each.namespace for each in found} == {(tmp_path / "lake" / "warehouse").as_uri()}
    kind, meaning = found[0].columns["query_id"]
    assert kind == "string" and meaning


def test_the_output_is_the_table_at_the_snapshot_that_was_published(lineage: ModuleType, context: Context) -> None:
    output = lineage.output_of(context, Published(rebuilt(), 99))
    assert (output.name, output.version) == (REBUILT, "99")
    assert output.why == context.spec(REBUILT).why
    assert list(output.columns) == list(context.spec(REBUILT).columns)


def test_the_inputs_of_a_landing_session_are_its_folders(lineage: ModuleType, context: Context, tmp_path: Path) -> None:
    plan = read_plans(context.lake, ["landed-1"])["landed-1"]
    assert plan.dataset == LANDED
    assert [(each.namespace, each.name) for each in lineage.inputs_of(context, plan)] == [
        ("file", str(tmp_path / "landing" / "queries"))
    ]


class Provider:
    """Stands for the provider's interface, which is another package."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.error = error

    def emit_dataset_lineage(self, **what: Any) -> None:
        if self.error:
            raise self.error
        self.sent.append(what)


def test_a_fault_of_the_provider_is_only_logged_and_a_touch_reports_nothing(
    lineage: ModuleType, context: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider = Provider(ConnectionError("no receiver"))
    monkeypatch.setattr(lineage, "_active_provider", lambda: provider)
    monkeypatch.setattr(lineage, "_converted", list)
    lineage.report_lineage(context, Published(rebuilt(), 99))
    assert caplog.messages == ["no lineage of this session: ConnectionError: no receiver"]
    provider.error = None
    lineage.report_lineage(context, Published(Plan(REBUILT, "uuid", 1, 0, "f", "l", NOW, TOUCH), 1))
    assert provider.sent == []
    lineage.report_lineage(context, Published(rebuilt(), 99))
    assert [each.name for each in provider.sent[0]["outputs"]] == [REBUILT]


@pytest.mark.skipif(bool(importlib.util.find_spec("openlineage")), reason="OpenLineage's provider is installed")
def test_without_the_provider_nothing_is_read(lineage: ModuleType) -> None:
    assert lineage._active_provider() is None
    lineage.report_lineage(None, Published(rebuilt(), 99))


@pytest.mark.skipif(not importlib.util.find_spec("openlineage"), reason="OpenLineage's client is not installed")
def test_tables_become_datasets_of_openlineage(lineage: ModuleType, context: Context) -> None:
    (output,) = lineage._converted([lineage.output_of(context, Published(rebuilt(), 99))])
    assert output.name == REBUILT
    assert output.facets["version"].datasetVersion == "99"
    assert output.facets["schema"].fields[0].name == next(iter(context.spec(REBUILT).columns))
