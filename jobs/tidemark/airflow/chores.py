"""Tasks that are not sessions: maintenance, pins, releases, pages, decisions, registration.

Import this module only inside a task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pkgutil import resolve_name
from typing import Any

from airflow.sdk import get_current_context

from tidemark.airflow.run_request import check_params, clock_of, name_of, read_request
from tidemark.airflow.steps import run_step
from tidemark.operate import maintenance, pages, pins, releases
from tidemark.session import open_context
from tidemark.settings import load_settings
from tidemark.steps.context import Context


def maintain_table(dataset: str) -> str:
    """Maintain one table and return a line that says what was done."""
    return maintenance.maintain(_open(), dataset)


def maintain_ops() -> str:
    """Maintain the tables of `ops` and return a line for each."""
    return maintenance.maintain_ops(_open())


def pin_inputs(datasets: list[str]) -> str:
    """Pin the inputs of the run's datasets and return a line for each; a run with a range pins nothing."""
    run = get_current_context()
    request = run_step(lambda: read_request(run["dag_run"], run["params"], list(run["dag"].params)))
    if request.range is not None:
        return "nothing is pinned: a range is rebuilt from the inputs as they are now"
    context = replace(_open(), run=name_of(run["dag_run"]))
    pinned = run_step(lambda: pins.pin_inputs(context, datasets))
    return "\n".join(f"{name}: read at snapshot {each.snapshot}" for name, each in pinned.items())


def write_release(dataset: str) -> str:
    """Release a dataset with everything that it was built from, and return a line that says what was done."""
    release = releases.write_release(_open(), dataset)
    return f"{release.release or 'no release'}: {release.why}"


def write_pages(renderer: str) -> str:
    """Write the pages that the domain renders and return a line that says where they are.

    `renderer` names the function that renders them, as `package.module:function` (`tidemark.operate.pages.Renderer`).
    """
    render: pages.Renderer = resolve_name(renderer)
    return pages.write_pages(load_settings(), render)


def call(path: str) -> str:
    """Call a function of the domain with the context of the run, and return what it says.

    `path` names the function as `package.module:function`.
    """
    function: Callable[[Context], str] = resolve_name(path)
    context = _open()
    return run_step(lambda: function(context))


def call_with_request(path: str) -> str:
    """Call a function of the domain with what a person asks for in a run, and return what it says.

    `path` names the function as `package.module:function`. It gets the context, the run's parameters and the name of
    the user who triggered the run.
    """
    function: Callable[[Context, Mapping[str, Any], str], str] = resolve_name(path)
    run = get_current_context()
    context = replace(_open(), run=name_of(run["dag_run"]))
    by = run["dag_run"].triggering_user_name or "an unnamed user"
    return run_step(lambda: function(context, dict(run["params"]), by))


def _open() -> Context:
    run = get_current_context()
    run_step(lambda: check_params(run["dag_run"].dag_id, run["params"], list(run["dag"].params)))
    return open_context(load_settings(), clock_of(run["dag_run"], run["params"]))
