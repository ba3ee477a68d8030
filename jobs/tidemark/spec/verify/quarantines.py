"""Each source has somebody who keeps what it refuses: a quarantine that is there and can hold it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from tidemark.spec.model import DatasetSpec, LandingSpec
from tidemark.spec.parse.document import Item

REFUSAL = {
    "file_id": "string",
    "file_path": "string",
    "place": "long",
    "reason": "string",
    "record": "string",
    "arrived_at": "timestamp",
}
"""Columns that landing fills for a refusal, and their types. Into any other it writes a text."""


def check_quarantines(specs: Mapping[str, DatasetSpec], items: Mapping[str, Item]) -> None:
    """See that no refusal is lost unless a spec says so. `items` are the files. Raises SpecError."""
    sources = {name: spec.landing for name, spec in specs.items() if spec.landing is not None}
    named = {landing.quarantine for landing in sources.values() if landing.quarantine}
    for name, landing in sources.items():
        place = items[name].value["landing"]
        if name in named:
            _check_itself(specs[name], landing, items[name])
        elif landing.quarantine:
            _check_keeper(specs, landing, landing.quarantine, place)
        elif not landing.loses_refusals:
            raise place.wrong(
                "landing has no quarantine, so what it refuses would be lost",
                "add quarantine: namespace.name, the dataset that keeps it, or quarantine: none",
            )
    _check_shared({name: landing for name, landing in sources.items() if name not in named}, items)


def _check_shared(sources: Mapping[str, LandingSpec], items: Mapping[str, Item]) -> None:
    """What is refused for all sources of a group is refused once, and by the one parser of its folder."""
    groups: dict[str, tuple[str, LandingSpec]] = {}
    parsers: dict[tuple[str, str], str] = {}
    for name, landing in sources.items():
        place = items[name].value["landing"].value
        first, other = groups.setdefault(landing.group, (name, landing))
        if other.quarantine != landing.quarantine:
            what = f"{first} of the same group has the quarantine {other.quarantine or 'none'}"
            raise place["quarantine"].wrong(what, "write the same, or another group")
        for folder in landing.folders if landing.quarantine else ():
            parser = parsers.setdefault((str(landing.quarantine), folder), landing.parser)
            if parser != landing.parser:
                what = f"{landing.quarantine} already reads {folder} with the parser {parser}"
                raise place["folders"].wrong(what, "choose another folder, or another quarantine")


def _check_keeper(specs: Mapping[str, DatasetSpec], landing: LandingSpec, name: str, place: Item) -> None:
    keeper = specs.get(name)
    item = place.value["quarantine"]
    if keeper is None:
        near = difflib.get_close_matches(name, list(specs), n=1)
        raise item.wrong(f"there is no dataset {name}", f"did you mean {near[0]}?" if near else "add its spec")
    if keeper.landing is None:
        raise item.wrong(f"{name} is no source, so nothing is landed in it", "name a dataset of mode source")
    unread = [folder for folder in landing.folders if folder not in keeper.landing.folders]
    if unread:
        what = f"{name} does not read the folder {', '.join(unread)}"
        raise item.wrong(f"{what}, so what is refused there would be lost", f"add it to landing.folders of {name}")


def _check_itself(spec: DatasetSpec, landing: LandingSpec, item: Item) -> None:
    if landing.quarantine or landing.loses_refusals:
        place = item.value["landing"].value["quarantine"]
        raise place.wrong(f"{spec.dataset} is itself a quarantine", "remove quarantine")
    columns = item.value["columns"]
    for name, kind in REFUSAL.items():
        if name not in spec.columns or spec.columns[name].type != kind:
            what = f"{spec.dataset} is a quarantine and has no column {name} of type {kind}"
            raise columns.wrong(what, f"write {name}: {{type: {kind}, ...}}")
    for name, column in spec.columns.items():
        if name not in REFUSAL and column.type != "string":
            what = f"{spec.dataset} is a quarantine, and {name} is a {column.type}"
            raise columns.value[name].wrong(what, "make it a string: what is refused says it as it can, or remove it")
