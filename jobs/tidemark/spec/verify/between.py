"""What must hold between specs: inputs exist, their event times too, nothing runs in a circle, no refusal is lost."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from tidemark.spec.model import DatasetSpec, InputSpec
from tidemark.spec.parse.document import Item
from tidemark.spec.verify.quarantines import check_quarantines
from tidemark.spec.verify.within import TIMES, need_whole_days

Specs = Mapping[str, DatasetSpec]

LISTS = tuple(f"list<{time}>" for time in TIMES)
"""Types of a column that an input may name as `touches`."""


def check_between(specs: Specs, items: Mapping[str, Item]) -> None:
    """See that the specs of a folder agree. `items` are their files. Raises SpecError."""
    for name, spec in specs.items():
        for entry in spec.inputs.values():
            _check_input(specs, spec, entry, items[name].value["inputs"].value[entry.name])
    _check_circles(specs, items)
    _check_groups(specs, items)
    check_quarantines(specs, items)


def _check_input(specs: Specs, spec: DatasetSpec, entry: InputSpec, item: Item) -> None:
    known = specs.get(entry.dataset)
    if known is None:
        near = difflib.get_close_matches(entry.dataset, list(specs), n=1)
        remedy = f"did you mean {near[0]}?" if near else f"add {entry.dataset.split('.')[1]}.yaml beside this file"
        raise item.value["dataset"].wrong(f"input {entry.name}: there is no dataset {entry.dataset}", remedy)
    if entry.event_time is not None:
        _check_event_time(known, entry.event_time, item.value["event_time"])
    event_time = entry.event_time or known.event_time
    if entry.touches is not None:
        _check_touches(known, event_time, entry, item)
    elif event_time is None:
        _check_timeless(spec, known, entry, item)
    elif known.columns[event_time].type == "date":
        need_whole_days(item.value, entry.before, entry.after, f"{event_time} of {known.dataset} is a date")


def _check_event_time(known: DatasetSpec, event_time: str, item: Item) -> None:
    column = known.columns.get(event_time)
    if column is None or column.type not in TIMES or not column.required:
        times = [c.name for c in known.columns.values() if c.type in TIMES and c.required]
        remedy = f"name one of {', '.join(times)}" if times else "remove it"
        raise item.wrong(f"{event_time[:60]} is no required timestamp or date of {known.dataset}", remedy)


def _check_touches(known: DatasetSpec, event_time: str | None, entry: InputSpec, item: Item) -> None:
    place = item.value["touches"]
    if event_time is not None:
        raise place.wrong(f"{known.dataset} has an event time, which says what a row touches", "remove touches")
    if entry.rows:
        raise place.wrong(f"{known.dataset} has no event time, so it cannot give the rows", "remove rows: true")
    column = known.columns.get(entry.touches or "")
    if column is None or column.type not in LISTS:
        lists = [c.name for c in known.columns.values() if c.type in LISTS]
        remedy = f"name one of {', '.join(lists)}" if lists else "remove it"
        raise place.wrong(f"{place.shown} is no list of dates or timestamps of {known.dataset}", remedy)


def _check_timeless(spec: DatasetSpec, known: DatasetSpec, entry: InputSpec, item: Item) -> None:
    if "window" in item.value:
        raise item.value["window"].wrong(f"{known.dataset} has no event time to look along", "remove window")
    if entry.rows and spec.rebuilds_ranges:
        remedy = "say rows: true at an input that has one"
        raise item.wrong(f"{known.dataset} has no event time, so it cannot give the rows", remedy)


def _check_circles(specs: Specs, items: Mapping[str, Item]) -> None:
    done: set[str] = set()
    for name in specs:
        _walk(specs, items, name, [], done)


def _walk(specs: Specs, items: Mapping[str, Item], name: str, way: list[str], done: set[str]) -> None:
    if name in done:
        return
    for entry in specs[name].inputs.values():
        if entry.dataset == name:
            continue
        here = [*way, name]
        if entry.dataset in here:
            circle = " <- ".join([*here[here.index(entry.dataset) :], entry.dataset])
            place = items[name].value["inputs"].value[entry.name].value["dataset"]
            raise place.wrong(f"the inputs run in a circle: {circle}", "take one of them out")
        _walk(specs, items, entry.dataset, here, done)
    done.add(name)


def _check_groups(specs: Specs, items: Mapping[str, Item]) -> None:
    parsers: dict[str, tuple[str, str]] = {}
    for name, spec in specs.items():
        if spec.landing is None:
            continue
        parser, first = parsers.setdefault(spec.landing.group, (spec.landing.parser, name))
        if parser != spec.landing.parser:
            place = items[name].value["landing"].value["parser"]
            raise place.wrong(f"{first} of the same group has the parser {parser}", "write the same, or another group")
