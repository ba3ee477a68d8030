"""Open the lake that a command reads. A command that only reads creates no lake."""

from __future__ import annotations

from tidemark.catalog import Lake, open_lake
from tidemark.errors import SettingsError
from tidemark.settings import Settings


def open_existing_lake(settings: Settings) -> Lake:
    """Open the lake of a home.

    Raises SettingsError if the home has none. Without this check a mistyped home would look like an empty one.
    """
    if not has_lake(settings):
        raise SettingsError(
            f"{settings.home}: there is no lake here; name another home in TIDEMARK_HOME, or run a session first"
        )
    return open_lake(settings)


def has_lake(settings: Settings) -> bool:
    """Whether the home has a lake. A catalog at another address is assumed to exist."""
    return settings.catalog_address is not None or (settings.lake / "catalog.db").exists()
