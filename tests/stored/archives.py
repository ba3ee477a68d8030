"""Copies a home, and stores a lake as an archive: only the needed files, under a neutral path."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

from tests.stored.relocation import relocate

LAKES = Path(__file__).parent / "lakes"
"""The folder of the archives, which are named `<version>-<lake>.tar.xz`."""

PLACE = "/stored/home"
"""The path of the home in the metadata of an archive. It never exists."""

KEPT = ("lake", "landing", "search.yaml", "held.json")
"""The parts of a home that an archive contains; `held.json` describes the lake (holdings.py).

Reports, logs, caches and services are not archived.
"""


def pack(home: Path, archive: Path) -> None:
    """Pack the lake of a home into an archive. No process may have the lake open."""
    copy = archive.parent / f".{archive.name}.tmp"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    try:
        with closing(sqlite3.connect(copy / "lake" / "catalog.db")) as catalog:
            catalog.execute("PRAGMA journal_mode = DELETE")
        relocate(copy, str(home), PLACE, codec="null")  # compressed with the archive
        with closing(sqlite3.connect(copy / "lake" / "catalog.db")) as catalog:
            catalog.execute("VACUUM")  # removes the old paths from free pages as well
        with tarfile.open(archive, "w:xz") as out:
            for name in KEPT:
                if (copy / name).exists():
                    out.add(copy / name, name, filter=_without_owner)
    finally:
        shutil.rmtree(copy)


def copy(home: Path, new: Path) -> None:
    """Copy a home to a folder that does not exist; the copy's lake lies in the copy. No session may run meanwhile."""
    shutil.copytree(home, new, ignore=shutil.ignore_patterns(".*.crc"))
    relocate(new, str(home), str(new))


def unpack(archive: Path, home: Path) -> None:
    """Unpack the lake of an archive into a folder that is empty or does not exist.

    Raises ValueError for a path that is relative or contains characters that a URI escapes.
    """
    if {"/", "%", " "} & set(home.name) or not home.is_absolute():
        raise ValueError(f"{home}: give an absolute path without blanks and percent signs")
    home.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as stored:
        stored.extractall(home, filter="data")
    relocate(home, PLACE, str(home))


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Remove the owner of a member, and leave out Hadoop's checksum files."""
    if member.name.endswith(".crc"):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
