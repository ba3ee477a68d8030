"""What an erasure found, did and left, as frozen data, made for people and for programs alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TableRows:
    """Rows on main of a landed table that are concerned, and the number of data files that hold them.

    `quoted` says that they are refused records whose text quotes the person.
    """

    dataset: str
    rows: int
    files: int
    quoted: bool = False


@dataclass(frozen=True)
class Texts:
    """Rows of an `ops` table in which a text quotes the person."""

    table: str
    rows: int


@dataclass(frozen=True)
class LandedFile:
    """A file below the landing folder that holds records of the person; `file_id` is its SHA-256."""

    path: str
    file_id: str


@dataclass(frozen=True)
class Held:
    """Snapshots of a table that still hold rows of the person: their number, the time of the latest, its releases."""

    dataset: str
    snapshots: int
    latest: datetime
    releases: tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """What an erasure does not reach.

    `files` lie in the landing folder. `unnamed` are tables whose rows do not name the files that they came from.
    `held` are snapshots. `waiting` are the derived tables whose main still holds rows of the person, until their next
    session. `versions` are tables to which each session adds a version: the versions of earlier sessions stay.
    """

    files: tuple[LandedFile, ...]
    unnamed: tuple[str, ...]
    held: tuple[Held, ...]
    waiting: tuple[str, ...]
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Erasure:
    """An erasure, or what one would do (`done` is false).

    `tables` are rows that were removed, `texts` those whose texts were cleared. `finished` are tables in which an
    earlier erasure had removed rows, but ended before the watermark followed.
    """

    done: bool
    tables: tuple[TableRows, ...]
    texts: tuple[Texts, ...]
    finished: tuple[str, ...]
    left: Left
