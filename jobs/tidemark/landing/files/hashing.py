"""The sha256 of files. Hashes are cached between sessions, keyed by the file attributes that change with content."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tidemark.support.atomic_files import replace_file

THREADS = 4

_DIGEST = re.compile("[0-9a-f]{64}")
_LOG = logging.getLogger(__name__)


class ListedFile(NamedTuple):
    """A file with its state when the folder was listed. `relative` is its posix path below the landing folder.

    `mark` identifies the state, see `mark_of`. `written_at` is when the file was written, in whole seconds since 1970.
    """

    relative: str
    path: Path
    size: int
    mark: str
    written_at: int


def mark_of(stat: os.stat_result) -> str:
    """Return a text that changes whenever the content does. Ctime changes even if size and mtime are restored."""
    return f"{stat.st_size}.{stat.st_mtime_ns}.{stat.st_ctime_ns}.{stat.st_ino}"


def hash_files(files: Iterable[ListedFile], cache: Path) -> dict[str, str]:
    """Return the sha256 of each file by relative path. A file that has changed or disappeared since is left out."""
    files = list(files)
    known = _read(cache)
    hashes = {f.relative: known[f.relative][1] for f in files if known.get(f.relative, ("", ""))[0] == f.mark}
    unknown = [f for f in files if f.relative not in hashes]
    if not unknown:
        return hashes
    with ThreadPoolExecutor(THREADS) as pool:
        for file, digest in zip(unknown, pool.map(_hash_unchanged, unknown), strict=True):
            if digest is not None:
                hashes[file.relative] = digest
    _write(cache, {f.relative: (f.mark, hashes[f.relative]) for f in files if f.relative in hashes})
    return hashes


def hash_file(path: Path | str) -> str:
    """Return the sha256 of a file's content, in hex."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_unchanged(file: ListedFile) -> str | None:
    try:
        digest = hash_file(file.path)
        return digest if mark_of(file.path.stat()) == file.mark else None
    except FileNotFoundError:
        return None


def _read(cache: Path) -> dict[str, tuple[str, str]]:
    """Return the marks and hashes of an earlier session. Entries that this version cannot read are ignored."""
    try:
        entries = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {path: (entry[0], entry[1]) for path, entry in entries.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    """Return whether an entry is a mark and a digest. A wrong digest would be recorded as the file's content."""
    if not isinstance(entry, list) or len(entry) != 2 or not all(isinstance(part, str) for part in entry):
        return False
    return _DIGEST.fullmatch(entry[1]) is not None


def _write(cache: Path, entries: Mapping[str, tuple[str, str]]) -> None:
    """Write the cache for the next session. If that fails, the next session hashes all files again; nothing stops."""
    try:
        replace_file(cache, json.dumps(entries))
    except OSError as error:
        _LOG.warning("%s: cannot be written, so the next session hashes all files again: %s", cache, error)
