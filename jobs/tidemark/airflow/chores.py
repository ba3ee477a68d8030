"""Tasks that are not sessions: maintenance, releases, pages. Import this module only inside a task."""

from __future__ import annotations

import importlib

from airflow.sdk import get_current_context

from tidemark.airflow.run_request import check_params, clock_of
from tidemark.airflow.steps import run_step
from tidemark.operate import maintenance, pages, releases
from tidemark.session import open_context
from tidemark.settings import load_settings
from tidemark.steps.context import Context


def maintain_table(dataset: str) -> str:
    """Maintain one table and return a line that says what was done."""
    return maintenance.maintain(_open(), dataset)


def maintain_ops() -> str:
    """Maintain the tables of `ops` and return a line for each."""
    return maintenance.maintain_ops(_open())


def write_release(dataset: str) -> str:
    """Release a dataset with everything that it was built from, and return a line that says what was done."""
    release = releases.write_release(_open(), dataset)
    return f"{release.release or 'no release'}: {release.why}"


def write_page(dataset: str, renderer: str, beside: str, named_by: str) -> str:
    """Write the page of a dataset's newest row and return a line that says what was written.

    `renderer` names the function that renders the page, as `package.module:function`. `beside` and `named_by` are
    passed to `tidemark.operate.pages.write_page`.
    """
    module, _, name = renderer.partition(":")
    render: pages.Renderer = getattr(importlib.import_module(module), name)
    return pages.write_page(load_settings(), dataset, render, beside, named_by)


def _open() -> Context:
    run = get_current_context()
    run_step(lambda: check_params(run["dag_run"].dag_id, run["params"], list(run["dag"].params)))
    return open_context(load_settings(), clock_of(run["dag_run"], run["params"]))
