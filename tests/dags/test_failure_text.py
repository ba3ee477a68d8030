"""What `make run` prints of a failed run begins with what to do."""

from __future__ import annotations

import pytest

from infra.local import failures
from infra.local.api import Client
from infra.local.runs import RunState, Step


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        (["staged 3 rows", "next: mend it", "AuditFailed: 37 rows"], ["next: mend it", "AuditFailed: 37 rows"]),
        ([f"line {n}" for n in range(20)], [f"line {n}" for n in range(8, 20)]),
    ],
    ids=["remedy", "none"],
)
def test_the_log_of_a_failed_task_is_shown_from_its_remedy_on(
    monkeypatch: pytest.MonkeyPatch, log: list[str], shown: list[str]
) -> None:
    monkeypatch.setattr(failures, "log_of", lambda *_: log)
    state = RunState("build_interactions", "run-1", "failed", (Step("interactions", "init", "init", "failed", 1.0, 1),))
    lines = failures.explain_failure(Client("http://nowhere", "none"), state).splitlines()
    assert [line.strip() for line in lines[2:-2]] == shown
