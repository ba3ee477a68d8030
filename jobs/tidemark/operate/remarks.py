"""What a domain says of its datasets and of itself, such as which ranker is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from tidemark.catalog import Lake

REMARKS = "tidemark.remarks"
"""The group of entry points that add a line to a dataset. Each is named after the dataset, and is a function
`remark(lake) -> str | None`."""

HEADLINES = "tidemark.headlines"
"""The group of entry points that add a card to the head of the status page. Each is a function
`headline(lake) -> Headline | None`."""


@dataclass(frozen=True)
class Headline:
    """A card of the status page: a name or a number, and words that say what it is."""

    value: str
    words: str


def read_remark(lake: Lake, dataset: str) -> str | None:
    """Return the remark on one dataset, if it has one now."""
    found = (entry.load()(lake) for entry in entry_points(group=REMARKS, name=dataset))
    return next((remark for remark in found if remark), None)


def read_remarks(lake: Lake) -> Mapping[str, str]:
    """Return the remark on each dataset that has one now."""
    found = {entry.name: entry.load()(lake) for entry in entry_points(group=REMARKS)}
    return {dataset: remark for dataset, remark in found.items() if remark}


def read_headlines(lake: Lake) -> tuple[Headline, ...]:
    """Return the cards that the domain has now, by the names of their entry points."""
    found = (entry.load()(lake) for entry in sorted(entry_points(group=HEADLINES), key=lambda entry: entry.name))
    return tuple(headline for headline in found if headline)
