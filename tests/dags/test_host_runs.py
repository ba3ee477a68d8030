"""Which run `make run` watches."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.api import Client
from infra.local.runs import current_run

DAG = "build_interactions"


class Answers(Client):
    """An Airflow with the given runs of a DAG, newest first: for each its state and the states of its tasks."""

    def __init__(self, **runs: tuple[str, tuple[str | None, ...]]) -> None:
        super().__init__("http://nowhere", "none")
        self.runs = runs

    def get(self, path: str, **query: Any) -> Any:
        """Answer the two requests that are made."""
        if path == f"dags/{DAG}/dagRuns":
            return {"dag_runs": [{"dag_run_id": run, "state": state} for run, (state, _) in self.runs.items()]}
        run = path.removeprefix(f"dags/{DAG}/dagRuns/").removesuffix("/taskInstances")
        return {"task_instances": [{"state": state} for state in self.runs[run][1]]}


@pytest.mark.parametrize(
    ("tasks", "watched"),
    [
        (("running", None), True),
        ((None, None), True),
        (("deferred", "running"), True),
        (("deferred", "queued"), True),
        (("deferred", "success", None), False),
        (("deferred", "deferred", None), False),
    ],
)
def test_a_run_that_only_waits_is_not_watched(tasks: tuple[str | None, ...], watched: bool) -> None:
    found = current_run(Answers(newest=("running", tasks), ended=("success", ("success",))), DAG)
    assert found == ("newest" if watched else None)


def test_the_run_beside_one_that_waits_is_watched() -> None:
    runs = Answers(newest=("running", ("deferred",)), by_hand=("running", ("running",)))
    assert current_run(runs, DAG) == "by_hand"
