"""The chain behind a row as frozen data, made for people and for programs alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class LandedRows:
    """Rows that came from one landed file. `places` are lines or rows in it, at most a few; empty if not recorded.

    `one_of` says that the rows do not name their file: it is one of those that the session landed.
    """

    path: str
    file_id: str
    places: tuple[int, ...]
    one_of: bool = False


@dataclass(frozen=True)
class Origin:
    """The session that wrote some rows of a table.

    `session` is None if no session is on record for them, and `note` says why. `snapshot` is the one that added the
    rows' files. `cause`, `reason`, `run` and `planned_at` are those of its plan. `files` holds the landed files of a
    source, `inputs` what the session read, if the rows come from other tables.
    """

    session: str | None
    snapshot: int
    rows: int
    cause: str = ""
    reason: str = ""
    run: str | None = None
    planned_at: datetime | None = None
    files: tuple[LandedRows, ...] = ()
    inputs: tuple[Step, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Step:
    """Rows of one table as of a snapshot, and how they were found (`matched`).

    `count` is their number, at least that if `more` is set. `rows` shows some of them. If the input counts as a whole,
    no row is shown. `origins` are the sessions that wrote them, `untraced` the number of sessions that are left out.
    """

    input: str
    dataset: str
    snapshot: int | None
    matched: str
    count: int
    more: bool = False
    rows: tuple[Mapping[str, Any], ...] = ()
    origins: tuple[Origin, ...] = ()
    untraced: int = 0
    note: str = ""


@dataclass(frozen=True)
class Release:
    """A release that names the rows of the table."""

    release: str
    released_at: datetime


@dataclass(frozen=True)
class Explanation:
    """What `tidemark explain` says: the rows with everything behind them, and the releases that hold them."""

    row: Step
    releases: tuple[Release, ...]


@dataclass(frozen=True)
class Delivery:
    """A landed file at the end of a chain, the table that it landed in, and the session that landed it."""

    dataset: str
    session: str
    file: LandedRows


def deliveries(step: Step) -> Iterator[Delivery]:
    """Yield the landed files at the ends of the chain. A file that several rows lead to occurs several times."""
    for origin in step.origins:
        yield from (Delivery(step.dataset, origin.session or "", file) for file in origin.files)
        for read in origin.inputs:
            yield from deliveries(read)
