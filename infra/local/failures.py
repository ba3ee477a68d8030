"""Explain a failed run: which tasks failed, the end of their logs, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from infra.local.api import Client
from infra.local.runs import RunState, log_of

LINES = 12


def explain_failure(client: Client, state: RunState) -> str:
    """Return the failed tasks of a run with the end of their logs, and the next step."""
    failed = [step for step in state.steps if step.state == "failed"]
    if not failed:
        return f"{state.dag}: the run ended as {state.state}, but no task failed; see {_page(client, state)}"
    parts = [f"{state.dag}: {', '.join(step.task for step in failed)} failed"]
    for step in failed:
        log = [line for line in log_of(client, state, step) if line.strip()]
        parts += [
            f"  the log of {step.task} says:",
            *(f"    {line}" for text in _telling(log) for line in text.splitlines()[-LINES:]),
        ]
    parts += [
        f"full log: {_page(client, state)}",
        "next: correct what the log names, then run make run again; published data stays",
    ]
    return "\n".join(parts)


def _telling(log: Sequence[str]) -> Sequence[str]:
    """Return the lines of a log from the remedy of a failure on; its last lines if it names none."""
    start = next((n for n, line in enumerate(log) if line.startswith("next: ")), len(log) - LINES)
    return log[max(start, 0) :][:LINES]


def _page(client: Client, state: RunState) -> str:
    return f"{client.url}/dags/{state.dag}/runs/{state.run}"
