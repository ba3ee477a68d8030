"""Where the Unix sockets of a home lie: in a folder that only the owner of the home can enter."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from infra.local.errors import HostError
from tidemark.settings import Settings

LONGEST = 80
"""Bytes of the folder's path. The kernel takes 107 for a socket; the longest name put here has 25."""
SHORT = Path("/tmp")
"""Holds the folder of a home whose own path is too long."""


def sockets_folder(settings: Settings) -> Path:
    """The folder: `run/sockets` of the home, or a short path named after the home where that one is too long."""
    own = settings.run / "sockets"
    if len(os.fsencode(own)) <= LONGEST:
        return own
    name = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]
    return SHORT / f"tidemark-{os.getuid()}-{name}"


def remove_sockets_folder(settings: Settings) -> None:
    """Remove the folder once nothing listens in it any more."""
    with contextlib.suppress(OSError):
        sockets_folder(settings).rmdir()


def make_sockets_folder(settings: Settings) -> Path:
    """Make the folder. Raises HostError if somebody else owns what is there: they could listen in its place."""
    folder = sockets_folder(settings)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise HostError(f"{folder}: belongs to somebody else, or is no folder; remove it, then again")
    folder.chmod(0o700)
    return folder
