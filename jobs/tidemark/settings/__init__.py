"""Settings of a home: environment variables, settings files and run parameters."""

from tidemark.settings.postgres import PostgresAddress
from tidemark.settings.settings import CHECKOUT, Settings, load_alert_settings, load_settings, schemas_folder

__all__ = ["CHECKOUT", "PostgresAddress", "Settings", "load_alert_settings", "load_settings", "schemas_folder"]
