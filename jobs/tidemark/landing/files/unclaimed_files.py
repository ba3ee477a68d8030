"""Files in the landing folder that no session lands, because no spec reads their folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tidemark.landing.files.discovery import is_candidate
from tidemark.support.text import printable

if TYPE_CHECKING:
    from tidemark.spec import DatasetSpec

MOST_SHOWN = 5
"""The most paths that are named. They show which folder is meant."""


@dataclass(frozen=True)
class UnclaimedFiles:
    """Files that no dataset reads, as sorted paths below the landing folder.

    `files` names at most as many as were asked for, and `more` counts the others. `folders` are the folders that specs
    read.
    """

    files: tuple[str, ...]
    more: int
    folders: tuple[str, ...]

    def describe(self) -> str:
        """Return a sentence that names the files and what to do. Empty if there are no files."""
        if not self.files:
            return ""
        number = len(self.files) + self.more
        named = ", ".join(printable(path) for path in self.files) + (f" and {self.more} more" if self.more else "")
        subject = "1 file is in a folder" if number == 1 else f"{number} files are in folders"
        folders = ", ".join(self.folders)
        return f"{subject} that no dataset reads: {named}; to land files, move them into one of {folders}"


def find_unclaimed_files(landing: Path, specs: Iterable[DatasetSpec], most: int = MOST_SHOWN) -> UnclaimedFiles:
    """Return the files in the landing folder that are in no folder of a spec's landing block.

    Names that landing skips (`is_candidate`) are left out. Links, and folders that cannot be listed, are named
    themselves. Only names are read.
    """
    folders = tuple(sorted({folder for spec in specs if spec.landing for folder in spec.landing.folders}))
    found = _paths_outside(landing, "", frozenset(folders))
    return UnclaimedFiles(tuple(islice(found, most)), sum(1 for _ in found), folders)


def _paths_outside(landing: Path, below: str, folders: frozenset[str]) -> Iterator[str]:
    for entry in sorted(_entries(landing / below), key=lambda entry: entry.name):
        path = f"{below}{entry.name}"
        if not is_candidate(entry.name) or path in folders:
            continue
        if entry.is_dir(follow_symlinks=False) and _can_be_listed(entry):
            yield from _paths_outside(landing, f"{path}/", folders)
        else:
            yield path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _can_be_listed(folder: os.DirEntry[str]) -> bool:
    return os.access(folder.path, os.R_OK | os.X_OK)
