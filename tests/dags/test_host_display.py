"""The display of a run: one line per dataset and, after a failure, the task, the end of its log and the next step."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from infra.local.api import Client
from infra.local.display import Display
from infra.local.failures import explain_failure
from infra.local.runs import RunState, Step


class FakeAirflow(Client):
    """A client that answers every request with the same log."""

    def __init__(self, log: list[dict[str, Any]]) -> None:
        super().__init__("http://127.0.0.1:1", "secret")
        self.log = log
        self.asked: list[str] = []

    def get(self, path: str, **query: Any) -> Mapping[str, Any]:
        """Return the log and record the path."""
        self.asked.append(path)
        return {"content": self.log}


def step(group: str, name: str, state: str) -> Step:
    return Step(group, f"{group}.{name}" if group else name, name, state, 1.5, 1)


def run(*steps: Step) -> RunState:
    return RunState("build_interactions", "run", "running", steps)


def shown(*states: RunState) -> list[str]:
    out = io.StringIO()
    display = Display(out)
    for state in states:
        display.show(state)
    return out.getvalue().splitlines()


def test_a_dataset_is_told_once_when_it_is_over() -> None:
    going = run(step("a", "init", "success"), step("a", "commit", "running"))
    over = run(step("a", "init", "success"), step("a", "commit", "success"))
    assert len(shown(going, over, over)) == 1
    assert "published" in shown(over)[0]


def test_outcomes_are_told_apart() -> None:
    lines = shown(
        run(
            step("idle", "init", "success"),
            step("idle", "write_audit_publish", "skipped"),
            step("idle", "commit", "skipped"),
            step("bad", "init", "success"),
            step("bad", "write_audit_publish", "failed"),
            step("bad", "commit", "upstream_failed"),
            step("next", "init", "upstream_failed"),
            step("", "report", "success"),
        )
    )
    assert ["nothing to do" in lines[0], "failed" in lines[1], "not run" in lines[2], "done" in lines[3]] == [True] * 4


def test_a_failure_says_which_task_what_it_said_and_what_to_do() -> None:
    airflow = FakeAirflow([{"event": "::group::x"}, {"event": "AuditFailed: grade between 0 and 4: 37 rows"}])
    text = explain_failure(airflow, run(step("a", "write_audit_publish", "failed")))
    assert "a.write_audit_publish failed" in text
    assert "37 rows" in text
    assert "::group" not in text
    assert "next:" in text
    assert airflow.asked == ["dags/build_interactions/dagRuns/run/taskInstances/a.write_audit_publish/logs/1"]
