"""A run that failed, in words: which task, what it said last, and what to do."""

from __future__ import annotations

from infra.local.api import Client
from infra.local.runs import RunState, log_of

LINES = 12


def explain_failure(client: Client, state: RunState) -> str:
    """The failing tasks of a run with the end of their logs, and the next step."""
    failed = [step for step in state.steps if step.state == "failed"]
    if not failed:
        return f"{state.dag}: the run ended as {state.state}, but no task failed; look at {_page(client, state)}"
    parts = [f"{state.dag}: {', '.join(step.task for step in failed)} failed"]
    for step in failed:
        said = [line for line in log_of(client, state, step) if line.strip()]
        parts += [
            f"  {step.task} says:",
            *(f"    {line}" for text in said[-LINES:] for line in text.splitlines()[-LINES:]),
        ]
    parts += [
        f"the whole log: {_page(client, state)}",
        "next: mend what it names, then make run again; what is published stays",
    ]
    return "\n".join(parts)


def _page(client: Client, state: RunState) -> str:
    return f"{client.url}/dags/{state.dag}/runs/{state.run}"
