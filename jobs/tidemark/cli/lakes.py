"""The lake that a command looks at: looking makes none."""

from __future__ import annotations

from tidemark.catalog import Lake, open_lake
from tidemark.errors import SettingsError
from tidemark.settings import Settings


def lake_there(settings: Settings) -> Lake:
    """The lake of a home that has one. Raises SettingsError: a mistyped home would else look like an empty one."""
    if not has_lake(settings):
        raise SettingsError(f"{settings.home}: no lake is there; name another in TIDEMARK_HOME, or run something first")
    return open_lake(settings)


def has_lake(settings: Settings) -> bool:
    """Whether the home has a lake; one that another address names is taken to be there."""
    return settings.catalog_address is not None or (settings.lake / "catalog.db").exists()
