"""What the user hands in: files of LOGS, JUDGMENTS, ITEMS and FEATURES, put into the landing folder.

Files are linked, where that is possible, else copied; nothing in the landing folder is ever changed.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import HostError
from tidemark.landing.files.discovery import is_looked_at

FOLDERS = {"LOGS": "logs", "JUDGMENTS": "judgments", "ITEMS": "items", "FEATURES": "feature_log"}
_ENDINGS = {".json", ".jsonl", ".ndjson", ".bulk", ".log", ".parquet", ".pq", ""}
_LISTS = {".txt", ".qrels", ".trec", ".tsv", ".csv"}
"""Endings of judgment lists only."""

UNFINISHED = "landing looks at no file of this name"

SETTINGS = """\
# Written when these logs were handed in: history, complete through the last hour that it shows.
# Where logs go on flowing hour by hour, remove both lines: the clock then says what is complete.
landing:
  settling: 0s
  completeness: data
"""


@dataclass(frozen=True)
class HandedIn:
    """How many files are new in the landing folder, and what was left out: a path, and why, on a line each."""

    new: int
    left_out: tuple[str, ...]


def asked(env: Mapping[str, str]) -> dict[str, Path]:
    """The inputs named in the environment. Raises HostError for one that is not there."""
    found = {name: Path(env[name]).expanduser() for name in FOLDERS if env.get(name)}
    for name, path in found.items():
        if not (path.is_file() or path.is_dir()):
            raise HostError(f"{name}={path}: no such file or folder; give a path that is there")
        if path.is_file() and not is_looked_at(path.name):
            raise HostError(f"{name}={path}: {UNFINISHED}; give it another, once it is whole")
    return found


def hand_in(landing: Path, given: Mapping[str, Path]) -> HandedIn:
    """Put the files into the landing folder. Those that are there already are left alone.

    Raises HostError where a file stands in place of a folder, and where nothing of an input can be taken.
    """
    new, left_out = 0, []
    for name, path in given.items():
        files = _files(path, but=_named_by_others(given, name))
        found = [(file, at, _why_not(file, at, name, alone=path.is_file())) for file, at in files]
        left_out += [f"{file}: {why}" for file, _, why in found if why is not None]
        taken = [(file, at) for file, at, why in found if why is None]
        if not taken:
            raise HostError(f"{name}={path}: holds no file that can be taken in{_first(left_out)}; name another")
        new += sum(_place(file, landing / FOLDERS[name] / at) for file, at in taken)
    return HandedIn(new, tuple(left_out))


def _first(left_out: list[str]) -> str:
    return f" ({left_out[0]})" if left_out else ""


def _named_by_others(given: Mapping[str, Path], name: str) -> set[Path]:
    """What lies in a folder and is also handed in by a name of its own is only that."""
    here = given[name].resolve()
    others = {path.resolve() for other, path in given.items() if other != name}
    return {path for path in others if here in path.parents}


def _files(path: Path, but: set[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file and link with its place below what was named, but for files and folders to be left to others."""
    if path.is_file():
        yield path, Path(path.name)
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        real = Path(os.path.realpath(file))
        if (file.is_file() or file.is_symlink()) and not hidden and but.isdisjoint((real, *real.parents)):
            yield file, file.relative_to(path)


def _why_not(file: Path, at: Path, name: str, alone: bool) -> str | None:
    """Why a file at a place below what was named is left out; None if it is taken.

    One that was named alone may have any ending.
    """
    if not file.is_file():
        return "a link to no file, and links to folders are not followed; put the folder itself there"
    if not all(map(is_looked_at, at.parts)):
        return UNFINISHED
    return None if alone or _is_taken(file, name) else "not a log by its ending"


def _is_taken(file: Path, name: str) -> bool:
    ending = Path(file.stem).suffix if file.suffix == ".gz" else file.suffix
    return ending.lower() in (_ENDINGS | _LISTS if name == "JUDGMENTS" else _ENDINGS)


def _place(file: Path, target: Path) -> int:
    """1 if the file is new. Other content under a known name gets a folder of its own and keeps its name."""
    if target.exists() and not _is_same(file, target):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
        target = target.parent / digest / target.name
    if target.exists():
        return 0
    _make_folder(target.parent)
    whole = target.with_name(target.name + ".part")
    whole.unlink(missing_ok=True)
    try:
        os.link(file.resolve(), whole)
    except OSError:
        shutil.copy2(file, whole)
    whole.replace(target)
    return 1


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        file = next((path for path in (folder, *folder.parents) if path.is_file()), folder)
        raise HostError(f"{file}: is no folder, and one is expected there; move it away, then again") from error


def _is_same(file: Path, target: Path) -> bool:
    return file.samefile(target) or filecmp.cmp(file, target, shallow=False)
