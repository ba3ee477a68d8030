"""The DAG files load, import nothing heavy, and connect datasets as the data flows."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.local.warm import MODULES
from tests.dags.conftest import CHECKOUT, load_dags
from tidemark.settings import load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs

pytestmark = [pytest.mark.dags, pytest.mark.services]  # Airflow loads the DAG files in a process of its own

EXPECTED = {
    "land_search_logs",
    "build_interactions",
    "build_training_data",
    "train_ranker",
    "maintain_tables",
    "watch_tables",
}
ON_REQUEST = {"restate", "steer_ranker"}
"""DAGs without a schedule. Their tables are those of other DAGs."""

STEPS = ("init", "write_audit_publish", "commit")


@pytest.fixture(scope="module")
def specs() -> dict[str, DatasetSpec]:
    settings = load_settings({"TIDEMARK_HOME": "/nonexistent"})
    return load_specs(settings.schemas, settings.values)


def groups(dag: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the datasets of a DAG with their three tasks."""
    found: dict[str, dict[str, Any]] = {}
    for name, task in dag["tasks"].items():
        group, _, step = name.rpartition(".")
        if group and "." in task["group"]:
            found.setdefault(task["group"], {})[step] = {**task, "id": name}
    return found


def test_the_expected_dags_load(dags: dict[str, Any]) -> None:
    assert set(dags) == EXPECTED | ON_REQUEST


def test_what_a_person_asks_for_runs_before_what_is_scheduled(dags: dict[str, Any]) -> None:
    """A scheduled task weighs as much as all tasks after it together, so at most as many as its DAG has."""
    most = max(
        task["priority"] * len(dags[name]["tasks"]) for name in EXPECTED for task in dags[name]["tasks"].values()
    )
    tasks = [task for name in ON_REQUEST for task in dags[name]["tasks"].values()]
    assert {task["weight_rule"] for task in tasks} == {"absolute"}
    assert min(task["priority"] for task in tasks) > most


def test_parsing_imports_nothing_heavy(folder: dict[str, Any]) -> None:
    assert folder["imported"] == []


def test_a_dag_that_does_not_load_is_seen(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "dags" / "broken.py").write_text("from airflow.sdk import DAG\nraise ValueError('broken')\n")
    errors = load_dags(tmp_path / "dags", tmp_path / "airflow")["errors"]
    assert len(errors) == 1
    assert "broken" in next(iter(errors.values()))


@pytest.mark.parametrize("name", sorted(EXPECTED | ON_REQUEST))
def test_each_dag_says_what_it_is_and_when(dags: dict[str, Any], name: str) -> None:
    dag = dags[name]
    assert len(dag["doc"]) > 200
    assert dag["timetable"] == ("NullTimetable" if name in ON_REQUEST else "CronDataIntervalTimetable")
    assert dag["catchup"] is False
    waits = any(task["awaited"] for task in dag["tasks"].values())
    most = 8 if name == "restate" else 2 if waits else 1
    assert dag["max_active_runs"] == most, "a run does not queue behind one that waits for inputs or an approval"
    assert dag["tags"]


@pytest.mark.parametrize("name", sorted(EXPECTED | ON_REQUEST))
def test_each_task_is_retried_with_backoff_and_ends_some_time(dags: dict[str, Any], name: str) -> None:
    for task in dags[name]["tasks"].values():
        assert task["retries"] >= 1 or task["answered_within"], "a person who was asked is not asked again"
        assert task["backoff"]
        assert 0 < (task["timeout"] or 0) <= 4 * 3600 or 0 < task["answered_within"] <= 24 * 3600


@pytest.mark.parametrize("name", sorted(EXPECTED - {"maintain_tables"} | ON_REQUEST))
def test_each_dataset_is_three_tasks_in_its_own_pool(dags: dict[str, Any], name: str) -> None:
    for dataset, tasks in groups(dags[name]).items():
        assert tuple(sorted(tasks, key=STEPS.index)) == STEPS
        assert {task["pool"] for task in tasks.values()} == {f"tidemark.{dataset}"}
        assert tasks["commit"]["outlets"] == [dataset]
        assert tasks["write_audit_publish"]["upstream"] == [tasks["init"]["id"]]
        assert tasks["commit"]["upstream"] == [tasks["write_audit_publish"]["id"]]


@pytest.mark.parametrize("name", sorted(EXPECTED - {"maintain_tables"} | ON_REQUEST))
def test_a_dataset_without_work_does_not_stop_those_after_it(dags: dict[str, Any], name: str) -> None:
    for tasks in groups(dags[name]).values():
        assert tasks["init"]["trigger_rule"] == "none_failed"
        assert tasks["write_audit_publish"]["trigger_rule"] == "all_success"
        assert tasks["commit"]["trigger_rule"] == "all_success"


def test_every_dataset_is_in_one_dag_and_is_maintained(dags: dict[str, Any], specs: dict[str, DatasetSpec]) -> None:
    built = [name for dag in sorted(EXPECTED) for name in groups(dags[dag])]
    assert sorted(built) == sorted(specs)
    maintained = {task["pool"] for task in dags["maintain_tables"]["tasks"].values()}
    assert maintained == {f"tidemark.{name}" for name in specs} | {"default_pool"}, "ops has no publishers to wait for"


@pytest.mark.parametrize("name", sorted(EXPECTED - {"maintain_tables"} | ON_REQUEST))
def test_arrows_follow_the_inputs_of_the_specs(dags: dict[str, Any], specs: dict[str, DatasetSpec], name: str) -> None:
    tasks = dags[name]["tasks"]
    inside = groups(dags[name])
    for dataset, steps in inside.items():
        before = _ancestors(tasks, steps["init"]["id"])
        for window in specs[dataset].inputs.values():
            if window.dataset in inside and window.dataset != dataset:
                assert inside[window.dataset]["commit"]["id"] in before, f"{dataset} needs {window.dataset}"


@pytest.mark.parametrize("name", ["build_interactions", "build_training_data"])
def test_s12_the_last_task_runs_the_dag_again_while_something_is_owed(dags: dict[str, Any], name: str) -> None:
    tasks = dags[name]["tasks"]
    commits = {steps["commit"]["id"] for steps in groups(dags[name]).values()}
    assert set(tasks["run_again"]["upstream"]) == commits
    assert tasks["run_again"]["trigger_rule"] == "none_failed"
    assert tasks["run_again"]["triggers"] == name


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_somebody_is_told_of_each_task_that_fails(dags: dict[str, Any], name: str) -> None:
    datasets = {task["id"]: dataset for dataset, tasks in groups(dags[name]).items() for task in tasks.values()}
    for task_id, task in dags[name]["tasks"].items():
        assert task["told"] == [["FailureAlert", datasets.get(task_id)]]


@pytest.mark.parametrize("name", ["train_ranker", "steer_ranker"])
def test_the_champion_is_registered_elsewhere_last(dags: dict[str, Any], name: str) -> None:
    tasks = dags[name]["tasks"]
    assert tasks["register"]["upstream"] == ["report"]
    assert tasks["register"]["trigger_rule"] == "none_failed"
    assert not [task for task in tasks.values() if "register" in task["upstream"]]


def test_what_the_dag_files_call_exists() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "dags").glob("*.py")]
    named = {name for text in texts for name in re.findall(r'"((?:ranking|steering)[a-z_.]*:[a-z_]+)"', text)}
    assert {"ranking.report.nightly:render_pages", "steering.register:register_after_run"} <= named
    for name in named:
        module, _, function = name.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", ["build_training_data", "train_ranker"])
def test_s69_the_inputs_are_pinned_before_any_session(dags: dict[str, Any], name: str) -> None:
    tasks = dags[name]["tasks"]
    for steps in groups(dags[name]).values():
        assert "pin" in _ancestors(tasks, steps["init"]["id"])
    assert not set(tasks["pin"]["upstream"]) & {
        step["id"] for each in groups(dags[name]).values() for step in each.values()
    }


def test_only_dags_with_ranges_take_a_backfill(dags: dict[str, Any]) -> None:
    for name in ("train_ranker", "maintain_tables", "watch_tables"):
        assert dags[name]["run_types"] == ["manual", "scheduled"]
        assert "from" not in dags[name]["params"]
    for name in ("build_interactions", "build_training_data"):
        assert dags[name]["run_types"] == []
        assert dags[name]["params"] == ["from", "reason", "to"]
    assert dags["land_search_logs"]["params"] == ["clock"]


def test_restate_rebuilds_every_table_that_has_ranges_after_a_preview_and_an_approval(
    dags: dict[str, Any], specs: dict[str, DatasetSpec]
) -> None:
    dag = dags["restate"]
    assert dag["run_types"] == ["manual"]
    assert dag["params"] == ["dataset", "from", "plan_only", "readers", "reason", "to"]
    assert set(dag["choices"]["dataset"]) == {name for name, spec in specs.items() if spec.rebuilds_ranges}
    assert dag["tasks"]["approve"]["upstream"] == ["preview"]
    assert dag["tasks"]["approve"]["retries"] == 0
    assert "approve" in dag["tasks"]["choose"]["upstream"]
    for name, tasks in groups(dag).items():
        assert "choose" in tasks["init"]["upstream"], f"{name} would run unasked"


def _ancestors(tasks: dict[str, Any], name: str) -> set[str]:
    found: set[str] = set()
    ahead = list(tasks[name]["upstream"])
    while ahead:
        task = ahead.pop()
        if task not in found:
            found.add(task)
            ahead += tasks[task]["upstream"]
    return found


def test_dag_files_import_the_loop_for_airflow_and_nothing_of_the_host() -> None:
    for file in sorted((CHECKOUT / "dags").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name in ("airflow.sdk", "datetime") or name.startswith("tidemark.airflow"), (
                    f"{file.name} imports {name}"
                )


@pytest.mark.spark
def test_what_is_imported_early_is_what_tasks_import(folder: dict[str, Any]) -> None:
    early = [name for name in MODULES if name.startswith("airflow.providers.")]
    assert early
    assert set(early) <= set(folder["providers"])
    assert all(importlib.util.find_spec(name) for name in MODULES)
