"""Where things are and how logs are read: environment, settings files and run parameters."""

from tidemark.settings.postgres import PostgresAddress
from tidemark.settings.settings import CHECKOUT, Settings, load_settings, schemas_folder

__all__ = ["CHECKOUT", "PostgresAddress", "Settings", "load_settings", "schemas_folder"]
