"""Decide from file bounds whether the rows that an input gained can matter to a versioned dataset."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyiceberg.table import Table

from tidemark.catalog.manifests import file_bounds
from tidemark.errors import SpecError
from tidemark.lineage.changes import changed_files
from tidemark.planning import InputState
from tidemark.spec import DatasetSpec

Bounds = Mapping[str, tuple[Any, Any] | None]
HoldsNews = Callable[[Sequence[Bounds], Sequence[Mapping[str, Any]]], bool]
"""The type of the function that `news_if` of a spec names: it returns whether added files can matter.

Its first argument holds, for each file, the least and greatest value of each column: None if the column has no values;
a column is left out if its bounds are unknown. Its second argument holds the present rows of the dataset itself.
"""


def with_news(
    spec: DatasetSpec,
    inputs: Mapping[str, InputState],
    tables: Mapping[str, Table],
    target: Table,
) -> Mapping[str, InputState]:
    """Return the inputs, with `without_news` set where `news_if` says that the added files cannot matter."""
    return {
        name: replace(state, without_news=_is_without_news(spec, state, tables[name], target))
        for name, state in inputs.items()
    }


def _is_without_news(spec: DatasetSpec, state: InputState, table: Table, target: Table) -> bool:
    """Return whether an input gained only rows that cannot matter.

    A first read, and commits that do more than add rows, are always news. So is an input without a `news_if`.
    """
    changes = state.changes
    if state.spec.news_if is None or changes.from_snapshot is None or not changes.append_only or not changes.appended:
        return False
    holds_news = _load(spec, state.spec.news_if)
    files = [file_bounds(table, file) for file in changed_files(table, changes, spec.dataset) if file.record_count]
    return not holds_news(files, target.scan().to_arrow().to_pylist())


def _load(spec: DatasetSpec, entry: str) -> HoldsNews:
    module, _, name = entry.partition(":")
    try:
        function: HoldsNews = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SpecError(f"{spec.path}: news_if {entry} cannot be loaded: {error}. Correct its name") from error
    return function
