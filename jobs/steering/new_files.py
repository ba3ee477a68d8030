"""Write the files of a command that exports something: all of them, and only new ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemark.errors import RequestRefused
from tidemark.support.atomic_files import create_file


def write_new_files(files: Mapping[Path, bytes]) -> None:
    """Write the files that `--out` asks for.

    Raises RequestRefused if one exists or cannot be written; then none is left.
    """
    for path in files:
        if path.exists():
            raise RequestRefused(f"out: {path} exists, and nothing was written. Name a new file, or remove this one")
    written: list[Path] = []
    for path, content in files.items():
        try:
            create_file(path, content)
        except OSError as error:
            for earlier in written:
                earlier.unlink(missing_ok=True)
            where = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise RequestRefused(f"out: {path} cannot be written ({where}). Name another file") from None
        written.append(path)
