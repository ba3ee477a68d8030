"""Write files in one step, so that no reader ever sees half of a file, even with several writers."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def replace_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write the text to a file in one step. Creates the folder if it is missing; the file gets permissions `mode`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        draft.touch(mode, exist_ok=False)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def create_file(path: Path, content: bytes) -> None:
    """Write a new file in one step. Creates the folder if it is missing. Raises FileExistsError if the file exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:200]}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        draft.write_bytes(content)
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
