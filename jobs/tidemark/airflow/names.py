"""Names of datasets, read from the spec files without loading them."""

from __future__ import annotations

import re
from pathlib import Path

from tidemark.settings import schemas_folder

_NAME = re.compile(r"""^(['"]?)dataset\1\s*:\s*(['"]?)([a-z0-9_.]+)\2""", re.MULTILINE)


def datasets_of(schemas: Path | None = None) -> list[str]:
    """Return the sorted names of the datasets that have a spec in a folder, by default the folder of the settings.

    A file without a name is left out here; the loop refuses it. No settings file is read, because DAG files call
    this function at each parse.
    """
    schemas = schemas or schemas_folder()
    found = (_NAME.search(path.read_text(encoding="utf-8")) for path in sorted(schemas.glob("*.yaml")))
    return sorted(match.group(3) for match in found if match)
