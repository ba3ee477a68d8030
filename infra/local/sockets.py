"""The folder of a home's Unix sockets, which only the owner of the home can enter."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from infra.local.errors import HostError
from tidemark.settings import Settings

LONGEST = 80
"""The longest path of the folder, in bytes. The kernel allows 107 for a socket; the longest file name here has 25."""
SHORT = Path("/tmp")
"""Holds the folder if the home's own path is too long."""


def sockets_folder(settings: Settings) -> Path:
    """Return `run/sockets` of the home or, if that path is too long, a short path named after the home."""
    own = settings.run / "sockets"
    if len(os.fsencode(own)) <= LONGEST:
        return own
    name = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]
    return SHORT / f"tidemark-{os.getuid()}-{name}"


def remove_sockets_folder(settings: Settings) -> None:
    """Remove the folder if it is empty."""
    with contextlib.suppress(OSError):
        sockets_folder(settings).rmdir()


def make_sockets_folder(settings: Settings) -> Path:
    """Create the folder. Raises HostError if another user owns it, because they could impersonate a service."""
    folder = sockets_folder(settings)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise HostError(f"{folder}: belongs to another user or is not a folder; remove it, then run make run again")
    folder.chmod(0o700)
    return folder
