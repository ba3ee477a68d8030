"""The DAG of docs/cookbook/wait-for-a-table.md loads, waits on a real lake, and reads it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from tests.dags.conftest import load_dags
from tests.docs.pages import CHECKOUT, marked
from tests.waits.tables import SHOWN, Tables, hour
from tidemark.catalog import open_lake

pytestmark = pytest.mark.dags

CODE = marked(CHECKOUT / "docs" / "cookbook" / "wait-for-a-table.md", "dag")["count_clicks"]
DAY = "2026-04-12T00:00:00+00:00"
NEXT = "2026-04-13T00:00:00+00:00"


def written(tmp_path: Path) -> Path:
    """Write the DAG into a folder of its own, and return the file."""
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "count_clicks.py").write_text(CODE)
    return folder / "count_clicks.py"


def add_clicks(tables: Tables, at: float, clicks: int) -> None:
    """Append an interaction with so many clicks."""
    table = open_lake(tables.settings).ensure_table(tables.specs[SHOWN])
    schema = table.schema().as_arrow()
    row = {field.name: _value(field.type) for field in schema if not field.nullable}
    row |= {"shown_at": hour(at), "clicks": clicks}
    table.append(pa.Table.from_pylist([row], schema=schema))


def _value(kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind):
        return hour(0)
    if pa.types.is_boolean(kind):
        return False
    return "x" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else 0


@pytest.mark.services
def test_it_loads_and_waits_before_it_counts(tmp_path: Path) -> None:
    found = load_dags(written(tmp_path).parent, tmp_path / "airflow")
    assert found["errors"] == {}
    assert found["imported"] == []
    tasks = found["dags"]["count_clicks"]["tasks"]
    assert tasks["wait_for_interactions"]["awaited"] == SHOWN
    assert tasks["count_clicks"]["upstream"] == ["wait_for_interactions"]


@pytest.mark.services
def test_its_tasks_run_on_a_real_lake(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait defers on an incomplete day. Its trigger ends once the day is complete. Then only that day counts."""
    from airflow.sdk.exceptions import TaskDeferred

    for at, clicks in ((1, 2), (23.5, 3), (24, 100)):
        add_clicks(tables, at, clicks)
    tables.publish(23)
    found: dict[str, Any] = {}
    exec(compile(CODE, "count_clicks.py", "exec"), found)
    tasks = found["dag"].task_dict
    wait = tasks["wait_for_interactions"]
    assert wait.through == "{{ data_interval_end | ts }}"
    wait.through = NEXT
    run = SimpleNamespace(run_type="scheduled", start_date=datetime.now(UTC), data_interval_end=hour(24))
    with pytest.raises(TaskDeferred) as deferred:
        wait.execute({"dag_run": run})
    assert deferred.value.timeout > timedelta(hours=6)
    tables.publish(24)
    event = asyncio.run(_first_event(deferred.value.trigger))
    assert event["reached"]
    monkeypatch.setenv("PYICEBERG_HOME", str(tables.settings.home))
    call = f'{CODE}\nprint(dag.task_dict["count_clicks"].python_callable("{DAY}", "{NEXT}"))'
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=CHECKOUT / "jobs", capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "5"


async def _first_event(trigger: Any) -> dict[str, Any]:
    async for event in trigger.run():
        payload: dict[str, Any] = event.payload
        return payload
    raise AssertionError("the trigger ended without an event")
