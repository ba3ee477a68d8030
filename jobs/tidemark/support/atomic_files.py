"""Replace files in one step, so that no reader ever sees half of a file, even with several writers."""

from __future__ import annotations

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
