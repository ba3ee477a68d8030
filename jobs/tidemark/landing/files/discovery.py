"""Find the files that can be landed: complete, no longer changing, inside the landing folder, each content once."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tidemark.errors import LandingError
from tidemark.landing.files.folders import top_folder
from tidemark.landing.files.hashing import ListedFile, hash_files, mark_of
from tidemark.landing.rows.instants import EPOCH
from tidemark.settings import Settings
from tidemark.spec import parse_duration
from tidemark.state.effect import FileRef

if TYPE_CHECKING:
    from tidemark.spec import DatasetSpec, LandingSpec

UNFINISHED = (".tmp", ".part")
_BOOKKEEPING = re.compile(r"_(SUCCESS|(committed|started)_.*|(common_)?metadata|temporary|delta_log|spark_metadata)")
"""Names of files and folders without records that Spark, Hadoop and Delta write beside the data."""

Content = tuple[str, str]
"""The identity of a file's records: the sha256 of its bytes and the group that reads it. Another group reads the same
bytes as other records."""

OLDEST_MTIME_S = 631_152_000
"""1990-01-01, in seconds since 1970. Archives that store no times stamp their files 1970 or 1980."""


def content_of(path: str, sha256: str, groups: Mapping[str, str]) -> Content:
    """Return the content of a file. `groups` maps folders to groups; a folder that no dataset reads has no group."""
    return sha256, groups.get(top_folder(path), "")


def recorded_contents(file: FileRef, groups: Mapping[str, str]) -> tuple[Content, Content]:
    """Return the contents under which a file may be recorded in `ops.landed_files`.

    The second one, without a group, is found if the file landed from a folder that no dataset reads any more.
    """
    return content_of(file.path, file.sha256, groups), (file.sha256, "")


def discover(settings: Settings, spec: DatasetSpec, clock: datetime, groups: Mapping[str, str]) -> tuple[FileRef, ...]:
    """Return the files in the folders of the spec's landing block, sorted by path, one for each content.

    A file is returned if it has not changed for `landing.settling` before the clock (with 0s, in any case) and
    `is_candidate` holds for its name and those of its folders. If several files have the same content, the first path
    is returned with the oldest time.

    Raises LandingError if a link leads out of the landing folder or to a folder that the dataset does not read, if a
    name is not UTF-8, or if a file or folder cannot be read.
    """
    if spec.landing is None:
        raise LandingError(
            f"{spec.dataset}: {spec.path.name} has no landing block; add landing: with group, folders and parser"
        )
    settling = settling_of(settings, spec.landing)
    found = {
        file.relative: file
        for folder in spec.landing.folders
        for file in _settled_files(settings.landing, folder, spec.landing.folders, clock, settling)
    }
    files = [found[path] for path in sorted(found)]
    hashes = _hashes(files, settings.home / "landing-cache" / f"{spec.landing.group}.json")
    copies: dict[Content, list[ListedFile]] = {}
    for file in files:
        digest = hashes.get(file.relative)
        if digest is not None:
            copies.setdefault(content_of(file.relative, digest, groups), []).append(file)
    return tuple(_to_file_ref(digest, files) for (digest, _), files in copies.items())


def is_candidate(name: str) -> bool:
    """Return whether landing reads a file or folder of this name.

    It skips unfinished files (.tmp, .part), hidden ones, and what Spark writes beside its files (_SUCCESS).
    """
    return not (name.startswith(".") or name.endswith(UNFINISHED) or _BOOKKEEPING.fullmatch(name))


def settling_of(settings: Settings, landing: LandingSpec) -> timedelta:
    """Return how long a file must stay unchanged before it is landed.

    This is `landing.settling` of the settings, or of the spec if the settings have none.
    """
    setting = settings.values.get("landing", {}).get("settling")
    return landing.settling if setting is None else parse_duration(str(setting))


def _to_file_ref(digest: str, copies: list[ListedFile]) -> FileRef:
    written_at = EPOCH + timedelta(seconds=min(file.written_at for file in copies))
    return FileRef(copies[0].relative, copies[0].size, digest, written_at)


def _hashes(files: list[ListedFile], cache: Path) -> dict[str, str]:
    try:
        return hash_files(files, cache)
    except PermissionError as error:
        raise LandingError(
            f"{error.filename}: cannot be read: permission denied; "
            f"give this user read permission, or move the file out of the landing folder"
        ) from error


def _settled_files(
    landing: Path, folder: str, folders: Sequence[str], clock: datetime, settling: timedelta
) -> Iterator[ListedFile]:
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
        if not _is_utf8(relative):
            raise LandingError(f"{relative!r}: the file's name is not UTF-8; rename the file")
        yield ListedFile(relative, path, status.st_size, mark_of(status), int(written_at))


def _written_at(status: os.stat_result) -> float:
    """Return when a file was written, in seconds since 1970.

    This is the modification time, unless it is not plausible. The system sets the time of a file's last status change
    (ctime) itself, so a file cannot have been written after it.
    """
    return status.st_ctime if status.st_mtime < OLDEST_MTIME_S else min(status.st_mtime, status.st_ctime)


def _walk(landing: Path, folder: Path, folders: Sequence[Path]) -> Iterator[Path]:
    for entry in _entries(landing, folder):
        if not is_candidate(entry.name):
            continue
        path = Path(entry.path)
        if entry.is_symlink():
            _refuse_outside(landing, path)
            if entry.is_dir():
                _refuse_unread_folder(path, folders)
            else:
                yield path
        elif entry.is_dir():
            yield from _walk(landing, path, folders)
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
        raise LandingError(
            f"{folder}: is a file, and a folder is expected; create a folder of this name and move the file into it"
        ) from error
    except PermissionError as error:
        raise LandingError(
            f"{folder}: cannot be listed: permission denied; "
            f"give this user read permission, or move the folder out of the landing folder"
        ) from error


def _refuse_outside(landing: Path, link: Path) -> None:
    """Refuse a link that leads out of the landing folder.

    A link inside does no harm: the file and its link have the same content, which lands once.
    """
    try:
        target = link.resolve()
    except (OSError, RuntimeError) as error:
        raise LandingError(f"{link}: the link leads nowhere ({error}); replace it by the file itself") from error
    if not target.is_relative_to(landing.resolve()):
        raise LandingError(
            f"{link}: the link leads out of the landing folder, to {target}; replace it by the file itself"
        )


def _refuse_unread_folder(link: Path, folders: Sequence[Path]) -> None:
    """Refuse a link to a folder that is not read itself. Links to folders are not followed."""
    target = link.resolve()
    if not any(target.is_relative_to(folder.resolve()) for folder in folders):
        raise LandingError(
            f"{link}: the link leads to {target}, a folder that this dataset does not read; "
            f"replace the link by the files themselves"
        )


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
