"""Which files of the landing folder can be taken in: whole, still, inside, and each content once."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tidemark.errors import LandingError
from tidemark.landing.files.folders import kind_of
from tidemark.landing.files.hashing import Seen, hash_files, mark_of
from tidemark.landing.rows.instants import EPOCH
from tidemark.settings import Settings
from tidemark.spec import parse_duration
from tidemark.state.effect import FileRef

if TYPE_CHECKING:
    from tidemark.spec import DatasetSpec, LandingSpec

UNFINISHED = (".tmp", ".part")
_BOOKKEEPING = re.compile(r"_(SUCCESS|(committed|started)_.*|(common_)?metadata|temporary|delta_log|spark_metadata)")
"""Names that Spark, Hadoop and Delta give to files and folders beside the data, which hold no record."""

Content = tuple[str, str]
"""What a file holds: its sha256, and the group that its records become. As another group's the same bytes hold else."""

ABSURD_S = 631_152_000
"""1990-01-01, in seconds since 1970: archives that keep no times stamp their files 1980 or 1970."""


def content_of(path: str, sha256: str, groups: Mapping[str, str]) -> Content:
    """A file's content; `groups` gives the group of each folder, and one that nobody looks into has none."""
    return sha256, groups.get(kind_of(path), "")


def on_record_as(file: FileRef, groups: Mapping[str, str]) -> tuple[Content, Content]:
    """How a file may be on record: as its content, or, landed from a folder that has another name now, by its bytes."""
    return content_of(file.path, file.sha256, groups), (file.sha256, "")


def discover(settings: Settings, spec: DatasetSpec, clock: datetime, groups: Mapping[str, str]) -> tuple[FileRef, ...]:
    """The files below the folders of the spec's landing block, sorted by path, one for each content.

    Where several files hold a content, it is as old as the oldest of them.

    A file counts when it stood still for `landing.settling` before the clock (0s: at once) and its name and those of
    its folders are looked at (`is_looked_at`). Raises LandingError for a link that leads out of the
    landing folder, for one to a folder that is not looked into, and for what cannot be read.
    """
    if spec.landing is None:
        raise LandingError(
            f"{spec.dataset}: no landing block in {spec.path.name}; add landing: with folders and parser"
        )
    settling = settling_of(settings, spec.landing)
    found = {
        file.relative: file
        for folder in spec.landing.folders
        for file in _still_files(settings.landing, folder, spec.landing.folders, clock, settling)
    }
    files = [found[path] for path in sorted(found)]
    hashes = _hashes(files, settings.home / "landing-cache" / f"{spec.landing.group}.json")
    same: dict[Content, list[Seen]] = {}
    for file in files:
        digest = hashes.get(file.relative)
        if digest is not None:
            same.setdefault(content_of(file.relative, digest, groups), []).append(file)
    return tuple(_as_one(digest, copies) for (digest, _), copies in same.items())


def is_looked_at(name: str) -> bool:
    """Whether landing looks at a file or folder of this name.

    Not at one in the making (.tmp, .part), at a hidden one, or at what Spark writes beside its files (_SUCCESS).
    """
    return not (name.startswith(".") or name.endswith(UNFINISHED) or _BOOKKEEPING.fullmatch(name))


def settling_of(settings: Settings, landing: LandingSpec) -> timedelta:
    """How long a file must stand still before it is taken: `landing.settling` of the settings, else of the spec."""
    said = settings.values.get("landing", {}).get("settling")
    return landing.settling if said is None else parse_duration(str(said))


def _as_one(digest: str, copies: list[Seen]) -> FileRef:
    written_at = EPOCH + timedelta(seconds=min(file.written_at for file in copies))
    return FileRef(copies[0].relative, copies[0].size, digest, written_at)


def _hashes(files: list[Seen], cache: Path) -> dict[str, str]:
    try:
        return hash_files(files, cache)
    except PermissionError as error:
        raise LandingError(f"{error.filename}: cannot be read; give this user the right to, or take it away") from error


def _still_files(
    landing: Path, folder: str, folders: Sequence[str], clock: datetime, settling: timedelta
) -> Iterator[Seen]:
    latest = (clock - settling).timestamp()
    for path in _walk(landing, landing / folder, [landing / name for name in folders]):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        written_at = _written_at(status)
        if not stat.S_ISREG(status.st_mode) or (settling and written_at > latest):
            continue
        relative = path.relative_to(landing).as_posix()
        if not _is_text(relative):
            raise LandingError(f"{relative!r}: the name is not UTF-8; give the file another name")
        yield Seen(relative, path, status.st_size, mark_of(status), int(written_at))


def _written_at(status: os.stat_result) -> float:
    """When a file was written, in seconds since 1970: as it says, unless it cannot have been so.

    The time of its last change of any kind is the system's own: no file was written after that.
    """
    return status.st_ctime if status.st_mtime < ABSURD_S else min(status.st_mtime, status.st_ctime)


def _walk(landing: Path, folder: Path, looked_into: Sequence[Path]) -> Iterator[Path]:
    for entry in _entries(landing, folder):
        if not is_looked_at(entry.name):
            continue
        path = Path(entry.path)
        if entry.is_symlink():
            _refuse_outside(landing, path)
            if entry.is_dir():
                _refuse_elsewhere(path, looked_into)
            else:
                yield path
        elif entry.is_dir():
            yield from _walk(landing, path, looked_into)
        else:
            yield path


def _entries(landing: Path, folder: Path) -> list[os.DirEntry[str]]:
    try:
        if folder.is_symlink():
            _refuse_outside(landing, folder)
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except NotADirectoryError as error:
        raise LandingError(f"{folder}: is a file; a folder of this name is expected, move the file into it") from error
    except PermissionError as error:
        raise LandingError(f"{folder}: cannot be listed; give this user the right to, or take it away") from error


def _refuse_outside(landing: Path, link: Path) -> None:
    """Links inside are harmless: what they point at is one content, whatever its name."""
    try:
        target = link.resolve()
    except (OSError, RuntimeError) as error:
        raise LandingError(f"{link}: a link that leads nowhere ({error}); put the file itself there") from error
    if not target.is_relative_to(landing.resolve()):
        raise LandingError(f"{link}: leads out of the landing folder, to {target}; put the file itself there")


def _refuse_elsewhere(link: Path, looked_into: Sequence[Path]) -> None:
    """A link to a folder is not followed: what it points at has to be looked into by itself."""
    target = link.resolve()
    if not any(target.is_relative_to(folder.resolve()) for folder in looked_into):
        raise LandingError(f"{link}: leads to {target}, where these files are not looked for; put the files here")


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
