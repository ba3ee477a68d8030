"""Remarks of a domain about its datasets, such as which ranker is served."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from tidemark.catalog import Lake

REMARKS = "tidemark.remarks"
"""The group of entry points that add a line to a dataset. Each is named after the dataset, and is a function
`remark(lake) -> str | None`."""


def read_remark(lake: Lake, dataset: str) -> str | None:
    """Return the remark on one dataset, if it has one now."""
    found = (entry.load()(lake) for entry in entry_points(group=REMARKS, name=dataset))
    return next((remark for remark in found if remark), None)


def read_remarks(lake: Lake) -> Mapping[str, str]:
    """Return the remark on each dataset that has one now."""
    found = {entry.name: entry.load()(lake) for entry in entry_points(group=REMARKS)}
    return {dataset: remark for dataset, remark in found.items() if remark}
