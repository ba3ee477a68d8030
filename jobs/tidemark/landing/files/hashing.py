"""The sha256 of files, remembered between sessions by everything that changes when a file does."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tidemark.support.atomic_files import write_whole

THREADS = 4


class Seen(NamedTuple):
    """A file as it stood when it was looked at; `relative` is its posix path below the landing folder.

    `written_at` is the time of its last change, in whole seconds since 1970.
    """

    relative: str
    path: Path
    size: int
    mark: str
    written_at: int


def mark_of(stat: os.stat_result) -> str:
    """Changes whenever the content does: ctime moves even where size and mtime were put back."""
    return f"{stat.st_size}.{stat.st_mtime_ns}.{stat.st_ctime_ns}.{stat.st_ino}"


def hash_files(files: Iterable[Seen], cache: Path) -> dict[str, str]:
    """The sha256 of each file by its relative path. A file that changed or went meanwhile is left out."""
    files = list(files)
    known = _read(cache)
    hashes = {f.relative: known[f.relative][1] for f in files if known.get(f.relative, ("", ""))[0] == f.mark}
    unknown = [f for f in files if f.relative not in hashes]
    if not unknown:
        return hashes
    with ThreadPoolExecutor(THREADS) as pool:
        for file, digest in zip(unknown, pool.map(_hash_still, unknown), strict=True):
            if digest is not None:
                hashes[file.relative] = digest
    write_whole(cache, json.dumps({f.relative: (f.mark, hashes[f.relative]) for f in files if f.relative in hashes}))
    return hashes


def hash_file(path: Path | str) -> str:
    """The sha256 of a file's content, in hex."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_still(file: Seen) -> str | None:
    try:
        digest = hash_file(file.path)
        return digest if mark_of(file.path.stat()) == file.mark else None
    except FileNotFoundError:
        return None


def _read(cache: Path) -> dict[str, tuple[str, str]]:
    """What an earlier session knew; a cache that cannot be read is as good as none."""
    try:
        entries = json.loads(cache.read_text(encoding="utf-8"))
        return {path: (str(mark), str(digest)) for path, (mark, digest) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
