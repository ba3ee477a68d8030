"""Secrets of a home: generated once, readable only by their owner."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from infra.local.errors import HostError

USER = "admin"


def secret(path: Path, size: int = 64) -> str:
    """Return the random secret in a file; generate it from `size` bytes if the file does not exist."""
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(os.urandom(size)).decode())
    return path.read_text(encoding="utf-8").strip()


def password(path: Path) -> str:
    """Return the password of the Airflow user; generate it if the file does not exist.

    Airflow's simple auth manager reads the same file. Raises HostError if the file contains no password.
    """
    if not path.exists():
        write_private(path, json.dumps({USER: secrets.token_urlsafe(12)}))
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))[USER])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise HostError(
            f"{path}: contains no password of the user {USER}; run make stop, remove the file, then run "
            "make run, which writes a new one"
        ) from error


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, at every moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
