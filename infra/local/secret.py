"""Secrets of a home: made once, readable by their owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from infra.local.errors import HostError

USER = "admin"


def secret(path: Path, size: int = 64) -> str:
    """A random secret of `size` bytes as text, kept in a file."""
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(os.urandom(size)).decode())
    return path.read_text(encoding="utf-8").strip()


def password(path: Path) -> str:
    """The password of the Airflow user, in the file from which Airflow's simple auth manager reads it.

    Raises HostError for a file that holds none.
    """
    if not path.exists():
        write_private(path, json.dumps({USER: secrets.token_urlsafe(12)}))
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))[USER])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise HostError(
            f"{path}: holds no password of the user {USER}; make stop, remove the file, and make run makes a new one"
        ) from error


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
