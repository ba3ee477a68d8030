"""Check the specs of a folder against each other.

Inputs and their event times exist, the inputs form no cycle, sources of one group share a parser, and refused records
have a quarantine.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from tidemark.spec.model import DatasetSpec, InputSpec
from tidemark.spec.parse.document import Item
from tidemark.spec.verify.quarantines import check_quarantines
from tidemark.spec.verify.within import TIMES, need_whole_days

Specs = Mapping[str, DatasetSpec]

LISTS = tuple(f"list<{time}>" for time in TIMES)
"""The types that a column named in `touches` may have."""


def check_between(specs: Specs, items: Mapping[str, Item]) -> None:
    """Check the specs of a folder against each other. `items` holds the parsed file of each. Raises SpecError."""
    for name, spec in specs.items():
        for entry in spec.inputs.values():
            _check_input(specs, spec, entry, items[name].value["inputs"].value[entry.name])
    _check_cycles(specs, items)
    _check_groups(specs, items)
    check_quarantines(specs, items)


def _check_input(specs: Specs, spec: DatasetSpec, entry: InputSpec, item: Item) -> None:
    upstream = specs.get(entry.dataset)
    if upstream is None:
        near = difflib.get_close_matches(entry.dataset, list(specs), n=1)
        remedy = f"did you mean {near[0]}?" if near else f"add {entry.dataset.split('.')[1]}.yaml beside this file"
        raise item.value["dataset"].error(f"input {entry.name}: there is no dataset {entry.dataset}", remedy)
    if entry.event_time is not None:
        _check_event_time(upstream, entry.event_time, item.value["event_time"])
    for own, theirs in entry.renamed.items():
        _check_renamed(spec, upstream, own, theirs, item.value["renamed"].value[own])
    event_time = entry.event_time or upstream.event_time
    if entry.touches is not None:
        _check_touches(upstream, event_time, entry, item)
    elif event_time is None:
        _check_timeless(spec, upstream, entry, item)
    elif upstream.columns[event_time].type == "date":
        need_whole_days(item.value, entry.before, entry.after, f"{event_time} of {upstream.dataset} is a date")


def _check_event_time(upstream: DatasetSpec, event_time: str, item: Item) -> None:
    column = upstream.columns.get(event_time)
    if column is None or column.type not in TIMES or not column.required:
        times = [c.name for c in upstream.columns.values() if c.type in TIMES and c.required]
        remedy = f"name one of {', '.join(times)}" if times else "remove it"
        raise item.error(
            f"{event_time[:60]} is not a required column of type timestamp or date in {upstream.dataset}", remedy
        )


def _check_renamed(spec: DatasetSpec, upstream: DatasetSpec, own: str, theirs: str, item: Item) -> None:
    """Check that `renamed` names a column of the input and one of the target, of the same type."""
    for dataset, column in ((upstream, own), (spec, theirs)):
        if column not in dataset.columns:
            near = difflib.get_close_matches(column, list(dataset.columns), n=1)
            remedy = f"did you mean {near[0]}?" if near else f"name one of {', '.join(dataset.columns)}"
            raise item.error(f"{column[:60]} is no column of {dataset.dataset}", remedy)
    if upstream.columns[own].type != spec.columns[theirs].type:
        raise item.error(f"{own} of {upstream.dataset} and {theirs} differ in type", "name two columns of one type")


def _check_touches(upstream: DatasetSpec, event_time: str | None, entry: InputSpec, item: Item) -> None:
    place = item.value["touches"]
    if event_time is not None:
        raise place.error(
            f"{upstream.dataset} has an event time, which already decides what a row affects", "remove touches"
        )
    if entry.rows:
        raise place.error(f"{upstream.dataset} has no event time, so it cannot give the rows", "remove rows: true")
    column = upstream.columns.get(entry.touches or "")
    if column is None or column.type not in LISTS:
        lists = [c.name for c in upstream.columns.values() if c.type in LISTS]
        remedy = f"name one of {', '.join(lists)}" if lists else "remove it"
        raise place.error(f"{place.shown} is not a list of dates or timestamps in {upstream.dataset}", remedy)


def _check_timeless(spec: DatasetSpec, upstream: DatasetSpec, entry: InputSpec, item: Item) -> None:
    """Refuse what an input without event time cannot do."""
    if "window" in item.value:
        raise item.value["window"].error(
            f"{upstream.dataset} has no event time, so a window does not apply", "remove window"
        )
    if entry.rows and spec.rebuilds_ranges:
        remedy = "write rows: true at an input that has an event time"
        raise item.error(f"{upstream.dataset} has no event time, so it cannot give the rows", remedy)


def _check_cycles(specs: Specs, items: Mapping[str, Item]) -> None:
    done: set[str] = set()
    for name in specs:
        _visit(specs, items, name, [], done)


def _visit(specs: Specs, items: Mapping[str, Item], name: str, readers: list[str], done: set[str]) -> None:
    """Search the inputs of a dataset depth first. `readers` is the path of datasets that leads to it."""
    if name in done:
        return
    for entry in specs[name].inputs.values():
        if entry.dataset == name:
            continue
        path = [*readers, name]
        if entry.dataset in path:
            cycle = " <- ".join([*path[path.index(entry.dataset) :], entry.dataset])
            place = items[name].value["inputs"].value[entry.name].value["dataset"]
            raise place.error(f"the inputs form a cycle: {cycle}", "remove one of these inputs")
        _visit(specs, items, entry.dataset, path, done)
    done.add(name)


def _check_groups(specs: Specs, items: Mapping[str, Item]) -> None:
    parsers: dict[str, tuple[str, str]] = {}
    for name, spec in specs.items():
        if spec.landing is None:
            continue
        parser, first = parsers.setdefault(spec.landing.group, (spec.landing.parser, name))
        if parser != spec.landing.parser:
            place = items[name].value["landing"].value["parser"]
            raise place.error(
                f"{first} is in the same group and has the parser {parser}",
                "write that parser, or choose another group",
            )
