"""Read the `landing` block of a source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tidemark.spec.model import LandingSpec
from tidemark.spec.parse import values as read
from tidemark.spec.parse.document import Item

KEYS = ("group", "folders", "parser", "completeness", "settling", "quarantine")
NO_QUARANTINE = "none"
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""A folder's name, without `/`: the first folder of a file's path decides which source reads the file."""


def read_landing(item: Item, values: Mapping[str, Any]) -> LandingSpec:
    """Return where a source's files are and how they are read. Raises SpecError."""
    keys = read.block(item, KEYS, needed=("group", "folders", "parser"))
    given: dict[str, Any] = {}
    if "completeness" in keys:
        given["completeness"] = read.choice(keys["completeness"], ("clock", "static"))
    if "settling" in keys:
        given["settling"] = _settling(keys["settling"], values)
    if "quarantine" in keys:
        given |= _quarantine(keys["quarantine"])
    return LandingSpec(
        group=read.matching_text(keys["group"], read.NAME, "use lower-case letters, digits and _"),
        folders=_folders(keys["folders"]),
        parser=read.function_name(keys["parser"]),
        **given,
    )


def _folders(item: Item) -> tuple[str, ...]:
    folders = read.texts(item)
    if not folders:
        raise item.error(f"{item.name} is empty", "name at least one folder of the landing folder")
    for entry in item.value:
        read.matching_text(entry, _FOLDER, "name a folder directly in the landing folder, such as queries, without /")
    return folders


def _quarantine(item: Item) -> dict[str, Any]:
    if item.value == NO_QUARANTINE:
        return {"loses_refusals": True}
    return {"quarantine": read.dataset_name(item)}


def _settling(item: Item, values: Mapping[str, Any]) -> timedelta:
    settling = read.duration(item, values)
    if settling < timedelta(0):
        raise item.error(f"{item.name} is negative", "write how long a file must stay unchanged, such as 15m")
    return settling
