"""A folder for the files of one attempt at a write, which Spark and this process both see."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from tidemark.settings import Settings
from tidemark.support.paths import to_location

LEFT_BEHIND = timedelta(days=2)
"""Age from which on a folder counts as left behind by a process that was killed. No session takes so long."""


@contextmanager
def scratch_folder(settings: Settings, session: str, attempt: str) -> Iterator[Path]:
    """Yield the path of a folder that does not exist yet. If a transform makes it, it is removed at the end.

    It lies beside the warehouse, because Spark sees whatever lies there, also from other machines. Folders that were
    left behind are removed first.
    """
    parent = settings.lake / "scratch"
    folder = parent / f"{session}-{attempt}"
    _remove_left_behind(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_params(folder: Path) -> dict[str, str]:
    """Return the folder as transforms get it in their params: as this process names it, and as Spark does."""
    return {"scratch": str(folder), "scratch_location": to_location(folder)}


def _remove_left_behind(parent: Path) -> None:
    """Remove folders by the machine's clock, because the clock of a run may be in the past."""
    since = time.time() - LEFT_BEHIND.total_seconds()
    for folder in parent.glob("*"):
        with suppress(FileNotFoundError):  # another session has ended meanwhile
            if folder.lstat().st_mtime < since:
                shutil.rmtree(folder, ignore_errors=True)
