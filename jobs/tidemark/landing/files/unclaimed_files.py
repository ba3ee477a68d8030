"""Files below the landing folder that no session ever takes, because no spec looks where they lie."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tidemark.landing.files.discovery import is_looked_at
from tidemark.support.text import printable

if TYPE_CHECKING:
    from tidemark.spec import DatasetSpec

MOST_SHOWN = 5
"""Paths that are named; one of them tells which folder is meant."""


@dataclass(frozen=True)
class UnclaimedFiles:
    """Paths below the landing folder, in order, at most as many as were asked for, and how many `more` there are.

    `folders` are those in which specs look.
    """

    files: tuple[str, ...]
    more: int
    folders: tuple[str, ...]

    def describe(self) -> str:
        """A sentence for people: which files, and what to do. Empty where there are none."""
        if not self.files:
            return ""
        number = len(self.files) + self.more
        named = ", ".join(printable(path) for path in self.files) + (f" and {self.more} more" if self.more else "")
        lie = "1 file lies" if number == 1 else f"{number} files lie"
        return f"{lie} where no dataset looks: {named}; move what is to be landed into {', '.join(self.folders)}"


def find_unclaimed_files(landing: Path, specs: Iterable[DatasetSpec], most: int = MOST_SHOWN) -> UnclaimedFiles:
    """The files below the landing folder that lie in no folder of a spec's landing block.

    Names that landing would not look at are left out. Links are named and not followed; so are folders that
    cannot be listed. Reads names only.
    """
    folders = tuple(sorted({folder for spec in specs if spec.landing for folder in spec.landing.folders}))
    found = _outside(landing, "", frozenset(folders))
    return UnclaimedFiles(tuple(islice(found, most)), sum(1 for _ in found), folders)


def _outside(landing: Path, below: str, folders: frozenset[str]) -> Iterator[str]:
    for entry in sorted(_entries(landing / below), key=lambda entry: entry.name):
        path = f"{below}{entry.name}"
        if not is_looked_at(entry.name) or path in folders:
            continue
        if entry.is_dir(follow_symlinks=False) and _can_be_listed(entry):
            yield from _outside(landing, f"{path}/", folders)
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
