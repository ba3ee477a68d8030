"""Check that no table of a release, or of main, counts a person, and say what is missing until then."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tidemark.catalog import Lake, ops
from tidemark.errors import RequestRefused
from tidemark.operate.erasure.fault import Fault
from tidemark.operate.erasure.find import quarantines, rows_in
from tidemark.operate.erasure.person import Person
from tidemark.operate.erasure.proof import Proof
from tidemark.operate.erasure.texts import quoting_texts
from tidemark.spec import DatasetSpec
from tidemark.support.text import count, printable

MAIN = "main"
"""The name under which the newest published rows of all tables are checked, instead of those of a release."""


@dataclass(frozen=True)
class Missing:
    """A table that may still count the person, why, and what takes the erasure in."""

    dataset: str
    why: str
    next: str


@dataclass(frozen=True)
class Check:
    """The result of a check of a release, or of `main`.

    `tables` are the snapshots that were checked. If nothing is `missing`, it is proven that none of them counts the
    person.
    """

    release: str
    tables: Mapping[str, int]
    missing: tuple[Missing, ...]

    @property
    def proven(self) -> bool:
        """Whether nothing counts the person."""
        return not self.missing


def check(lake: Lake, specs: Mapping[str, DatasetSpec], person: Person, release: str | None = None) -> Check:
    """Check a release, by default the newest one, or main if there is none.

    Raises RequestRefused if no such release is on record.
    """
    proof = Proof(lake, specs, person)
    name, tables = _released(lake, release)
    if name == MAIN:
        tables = {each: head for each in sorted(specs) if (head := proof.head(each)) is not None}
    missing = [*_tables(proof, specs, name, tables), *_beside(lake, specs, person)]
    return Check(name, tables, tuple(missing))


def _released(lake: Lake, release: str | None) -> tuple[str, Mapping[str, int]]:
    """Return the name of a release and the snapshots that it names; those of `main` are left out."""
    if release == MAIN:
        return MAIN, {}
    rows = ops.rows(lake, "ops.releases", columns=("release", "tables", "released_at"))
    named = [row for row in rows if release in (None, row["release"])]
    if release is not None and not named:
        raise RequestRefused(
            f"release: {printable(release[:60])!r} is not on record; leave it out for the newest one, or write {MAIN}"
        )
    newest = max(named, key=lambda row: (row["released_at"], row["release"]), default=None)
    return (newest["release"], json.loads(newest["tables"])) if newest is not None else (MAIN, {})


def _tables(
    proof: Proof, specs: Mapping[str, DatasetSpec], release: str, tables: Mapping[str, int]
) -> Iterator[Missing]:
    for dataset, snapshot in sorted(tables.items()):
        fault = proof.fault(dataset, snapshot)
        if fault is not None:
            yield Missing(dataset, fault.why, _next(proof, specs, release, dataset, fault))


def _next(proof: Proof, specs: Mapping[str, DatasetSpec], release: str, dataset: str, fault: Fault) -> str:
    """Return what takes the erasure into a table."""
    if release != MAIN:
        there = _main_fault(proof, dataset) is None
        return "the next release" if there else f"the next release, after main: tidemark erase --check --release {MAIN}"
    if fault.remedy:
        return fault.remedy
    upstream = dict.fromkeys(each.dataset for each in specs[dataset].inputs.values() if each.dataset != dataset)
    waiting = [each for each in upstream if _main_fault(proof, each) is not None]
    return f"the next session of {dataset}" + (f", after {', '.join(waiting)}" if waiting else "")


def _main_fault(proof: Proof, dataset: str) -> Fault | None:
    head = proof.head(dataset)
    return proof.fault(dataset, head) if head is not None else None


def _beside(lake: Lake, specs: Mapping[str, DatasetSpec], person: Person) -> Iterator[Missing]:
    """Yield refused records and texts of `ops` that quote the person. No release names these tables."""
    for spec in quarantines(specs):
        found = rows_in(lake, spec, person)
        if found is not None and found.found.quoted:
            yield Missing(spec.dataset, f"{count(found.found.rows, 'record')} quote the person", "tidemark erase")
    for texts in quoting_texts(lake, person):
        yield Missing(texts.table, f"{count(texts.rows, 'row')} quote the person", "tidemark erase")
