"""Names of datasets, read from the spec files without loading them."""

from __future__ import annotations

import re
from pathlib import Path

from tidemark.settings import schemas_folder

_NAME = re.compile(r"""^(['"]?)dataset\1\s*:\s*(['"]?)([a-z0-9_.]+)\2""", re.MULTILINE)


def datasets_of(schemas: Path | None = None) -> list[str]:
    """The datasets that have a spec in the folder, by name. The loop refuses a file without a name.

    Without a folder, that of the settings; no settings file is read, since DAG files call this at each parse.
    """
    schemas = schemas or schemas_folder()
    found = (_NAME.search(path.read_text(encoding="utf-8")) for path in sorted(schemas.glob("*.yaml")))
    return sorted(match.group(3) for match in found if match)
