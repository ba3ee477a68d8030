"""Files that are replaced in one step, so that nobody reads half of one, however many write it at once."""

from __future__ import annotations

import uuid
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Put the text at the path, making its folder where it is missing. `mode`: its permissions from now on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        draft.touch(mode, exist_ok=False)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
