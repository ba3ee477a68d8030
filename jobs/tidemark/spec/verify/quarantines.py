"""Check that each source has a quarantine that exists and can store the records that the source refuses."""

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
"""The columns of a quarantine that landing fills, with their types. It writes a text into each other column."""


def check_quarantines(specs: Mapping[str, DatasetSpec], items: Mapping[str, Item]) -> None:
    """Check that no refused record is lost, unless a spec says `quarantine: none`. Raises SpecError.

    `items` holds the parsed file of each spec.
    """
    sources = {name: spec.landing for name, spec in specs.items() if spec.landing is not None}
    named = {landing.quarantine for landing in sources.values() if landing.quarantine}
    for name, landing in sources.items():
        place = items[name].value["landing"]
        if name in named:
            _check_quarantine(specs[name], landing, items[name])
        elif landing.quarantine:
            _check_reference(specs, landing, landing.quarantine, place)
        elif not landing.loses_refusals:
            raise place.error(
                "landing has no quarantine, so refused records would be lost",
                "add quarantine: namespace.name to keep them in that dataset, or quarantine: none to lose them",
            )
    _check_shared({name: landing for name, landing in sources.items() if name not in named}, items)


def _check_shared(sources: Mapping[str, LandingSpec], items: Mapping[str, Item]) -> None:
    """Check what makes each refusal unique.

    A refused record is refused for all sources of its group, so they share one quarantine. A quarantine reads each of
    its folders with one parser.
    """
    groups: dict[str, tuple[str, LandingSpec]] = {}
    parsers: dict[tuple[str, str], str] = {}
    for name, landing in sources.items():
        place = items[name].value["landing"].value
        first, other = groups.setdefault(landing.group, (name, landing))
        if other.quarantine != landing.quarantine:
            problem = f"{first} is in the same group and has the quarantine {other.quarantine or 'none'}"
            raise place["quarantine"].error(problem, "write that quarantine, or choose another group")
        for folder in landing.folders if landing.quarantine else ():
            parser = parsers.setdefault((str(landing.quarantine), folder), landing.parser)
            if parser != landing.parser:
                problem = f"{landing.quarantine} already reads {folder} with the parser {parser}"
                raise place["folders"].error(problem, "choose another folder, or another quarantine")


def _check_reference(specs: Mapping[str, DatasetSpec], landing: LandingSpec, name: str, place: Item) -> None:
    """Check that the quarantine that a source names exists and reads the source's folders."""
    quarantine = specs.get(name)
    item = place.value["quarantine"]
    if quarantine is None:
        near = difflib.get_close_matches(name, list(specs), n=1)
        raise item.error(f"there is no dataset {name}", f"did you mean {near[0]}?" if near else "add its spec")
    if quarantine.landing is None:
        raise item.error(f"{name} is not a source, so it cannot store refused records", "name a dataset of mode source")
    unread = [folder for folder in landing.folders if folder not in quarantine.landing.folders]
    if unread:
        problem = f"{name} does not read {', '.join(unread)}, so records refused there would be lost"
        raise item.error(problem, f"add {', '.join(unread)} to landing.folders of {name}")


def _check_quarantine(spec: DatasetSpec, landing: LandingSpec, item: Item) -> None:
    """Check the spec of a quarantine: it names no other quarantine and has the columns of a refusal."""
    if landing.quarantine or landing.loses_refusals:
        place = item.value["landing"].value["quarantine"]
        raise place.error(f"{spec.dataset} is itself a quarantine", "remove quarantine")
    columns = item.value["columns"]
    for name, kind in REFUSAL.items():
        if name not in spec.columns or spec.columns[name].type != kind:
            problem = f"{spec.dataset} is a quarantine and has no column {name} of type {kind}"
            raise columns.error(problem, f"write {name}: {{type: {kind}, ...}}")
    for name, column in spec.columns.items():
        if name not in REFUSAL and column.type != "string":
            problem = f"{spec.dataset} is a quarantine, and its column {name} has type {column.type}"
            remedy = "write type: string, because a refused record may hold any value there, or remove the column"
            raise columns.value[name].error(problem, remedy)
