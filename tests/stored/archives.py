"""A lake as one archive in the repository: only what a lake needs, at a neutral place, the same bytes every time."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

from tests.stored.relocation import relocate

LAKES = Path(__file__).parent / "lakes"
"""Where archives are kept: `<version>-<lake>.tar.xz`."""

PLACE = "/stored/home"
"""Where the metadata in an archive says that the lake lies. Nothing is ever there."""

KEPT = ("lake", "landing", "search.yaml", "held.json")
"""What an archive holds of a home; `held.json` says what the lake holds (holdings.py).

Reports, logs, caches and services are made anew.
"""


def pack(home: Path, archive: Path) -> None:
    """Put the lake of a home into an archive. No process may have the lake open."""
    copy = archive.parent / f".{archive.name}.tmp"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    try:
        with closing(sqlite3.connect(copy / "lake" / "catalog.db")) as catalog:
            catalog.execute("PRAGMA journal_mode = DELETE")
        relocate(copy, str(home), PLACE, codec="null")  # the archive compresses all files together
        with closing(sqlite3.connect(copy / "lake" / "catalog.db")) as catalog:
            catalog.execute("VACUUM")  # the old paths are gone from its free pages, too
        with tarfile.open(archive, "w:xz") as out:
            for name in KEPT:
                if (copy / name).exists():
                    out.add(copy / name, name, filter=_without_owner)
    finally:
        shutil.rmtree(copy)


def unpack(archive: Path, home: Path) -> None:
    """Lay the lake of an archive down in a folder that is not there yet or is empty."""
    if {"/", "%", " "} & set(home.name) or not home.is_absolute():
        raise ValueError(f"{home}: give an absolute path without blanks, which is its own URI")
    home.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as stored:
        stored.extractall(home, filter="data")
    relocate(home, PLACE, str(home))


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """A member without whoever made it; Hadoop's checksum files are of use to nobody."""
    if member.name.endswith(".crc"):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
