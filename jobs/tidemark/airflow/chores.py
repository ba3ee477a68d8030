"""Tasks that are no session: maintenance, releases, pages. Imported inside the tasks only."""

from __future__ import annotations

import importlib

from airflow.sdk import get_current_context

from tidemark.airflow.asked import check_params, clock_of
from tidemark.airflow.steps import refusing
from tidemark.operate import maintenance, pages, releases
from tidemark.session import open_context
from tidemark.settings import load_settings
from tidemark.steps.context import Context


def maintain_table(dataset: str) -> str:
    """Maintain one table; a line about what was done."""
    return maintenance.maintain(_open(), dataset)


def maintain_ops() -> str:
    """Maintain the tables of `ops`; a line each."""
    return maintenance.maintain_ops(_open())


def write_release(dataset: str) -> str:
    """Release a dataset with all that it was built from; a line about what was done."""
    release = releases.write_release(_open(), dataset)
    return f"{release.release or 'no release'}: {release.why}"


def write_page(dataset: str, renderer: str, beside: str, named_by: str) -> str:
    """Write the page of a dataset's newest row by `package.module:function`; a line about it.

    `beside` and `named_by` are those of `tidemark.operate.pages.write_page`.
    """
    module, _, name = renderer.partition(":")
    render: pages.Renderer = getattr(importlib.import_module(module), name)
    return pages.write_page(load_settings(), dataset, render, beside, named_by)


def _open() -> Context:
    run = get_current_context()
    refusing(lambda: check_params(run["dag_run"].dag_id, run["params"], list(run["dag"].params)))
    return open_context(load_settings(), clock_of(run["dag_run"], run["params"]))
