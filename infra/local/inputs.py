"""Put the user's files, named in LOGS, JUDGMENTS, ITEMS and FEATURES, into the landing folder.

Files are hard-linked if possible, otherwise copied. Files in the landing folder are never changed.
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
from tidemark.landing.files.discovery import is_candidate

FOLDERS = {"LOGS": "logs", "JUDGMENTS": "judgments", "ITEMS": "items", "FEATURES": "feature_log"}
_ENDINGS = {".json", ".jsonl", ".ndjson", ".bulk", ".log", ".parquet", ".pq", ""}
_LISTS = {".txt", ".qrels", ".trec", ".tsv", ".csv"}
"""File endings that are accepted for judgment lists only."""

UNFINISHED = "landing ignores files with this name"

SETTINGS = """\
# Written when these logs were added: they are history, complete through the last hour that they cover.
# If logs keep arriving hour by hour, remove this whole block: completeness then follows the clock.
landing:
  settling: 0s
  completeness: data
"""


@dataclass(frozen=True)
class HandedIn:
    """How many files are new in the landing folder, and which were left out: one `path: reason` for each."""

    new: int
    left_out: tuple[str, ...]


def read_inputs(env: Mapping[str, str]) -> dict[str, Path]:
    """Return the inputs that the environment names, by variable. Raises HostError if one does not exist."""
    found = {name: Path(env[name]).expanduser() for name in FOLDERS if env.get(name)}
    for name, path in found.items():
        if not (path.is_file() or path.is_dir()):
            raise HostError(f"{name}={path}: no such file or folder; give the path of an existing one")
        if path.is_file() and not is_candidate(path.name):
            raise HostError(f"{name}={path}: {UNFINISHED}; rename it once it is complete")
    return found


def hand_in(landing: Path, given: Mapping[str, Path]) -> HandedIn:
    """Put the files of all inputs into the landing folder. Files that are already there are not changed.

    Raises HostError if an input contains no usable file, or if a file is in the place of a needed folder.
    """
    new, left_out = 0, []
    for name, path in given.items():
        files = _files(path, excluded=_claimed_by_others(given, name))
        found = [(file, place, _why_left_out(file, place, name, alone=path.is_file())) for file, place in files]
        left_out += [f"{file}: {why}" for file, _, why in found if why is not None]
        taken = [(file, place) for file, place, why in found if why is None]
        if not taken:
            raise HostError(f"{name}={path}: contains no usable file{_example(left_out)}; name another file or folder")
        new += sum(_put(file, landing / FOLDERS[name] / place) for file, place in taken)
    return HandedIn(new, tuple(left_out))


def _example(left_out: list[str]) -> str:
    return f" ({left_out[0]})" if left_out else ""


def _claimed_by_others(given: Mapping[str, Path], name: str) -> set[Path]:
    """Return the paths inside this input that another input names: they belong to the other input alone."""
    here = given[name].resolve()
    others = {path.resolve() for other, path in given.items() if other != name}
    return {path for path in others if here in path.parents}


def _files(path: Path, excluded: set[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each file and link with its path relative to the input. Skip hidden and excluded files and folders."""
    if path.is_file():
        yield path, Path(path.name)
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        real = Path(os.path.realpath(file))
        if (file.is_file() or file.is_symlink()) and not hidden and excluded.isdisjoint((real, *real.parents)):
            yield file, file.relative_to(path)


def _why_left_out(file: Path, place: Path, name: str, alone: bool) -> str | None:
    """Return why a file is left out; None if it is used.

    `place` is its path relative to the input. A file that is named by itself (`alone`) may have any ending.
    """
    if not file.is_file():
        return "this link leads to no file, and links to folders are not followed; put the folder itself here"
    if not all(map(is_candidate, place.parts)):
        return UNFINISHED
    return None if alone or _has_known_ending(file, name) else "its ending is not that of a log"


def _has_known_ending(file: Path, name: str) -> bool:
    ending = Path(file.stem).suffix if file.suffix == ".gz" else file.suffix
    return ending.lower() in (_ENDINGS | _LISTS if name == "JUDGMENTS" else _ENDINGS)


def _put(file: Path, target: Path) -> int:
    """Link or copy a file to its target. Return 1 if it is new, 0 if it is already there.

    If the target exists with other content, the file keeps its name and goes into a folder named after its hash.
    """
    if target.exists() and not _is_same(file, target):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
        target = target.parent / digest / target.name
    if target.exists():
        return 0
    _make_folder(target.parent)
    draft = target.with_name(target.name + ".part")
    draft.unlink(missing_ok=True)
    try:
        os.link(file.resolve(), draft)
    except OSError:
        shutil.copy2(file, draft)
    draft.replace(target)
    return 1


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        file = next((path for path in (folder, *folder.parents) if path.is_file()), folder)
        raise HostError(
            f"{file}: is not a folder, but a folder is needed here; move it away, then run make run again"
        ) from error


def _is_same(file: Path, target: Path) -> bool:
    return file.samefile(target) or filecmp.cmp(file, target, shallow=False)
