"""The settings of a home. They come from environment variables and two YAML files, and from nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tidemark.errors import SettingsError, SpecError
from tidemark.settings.alerts import alerts_alone, check_alerts
from tidemark.settings.file import check_landing, overlay, read_settings
from tidemark.settings.postgres import PostgresAddress
from tidemark.settings.postgres_parts import NAME as CATALOG_VARIABLE
from tidemark.settings.schema import check_values, read_schema
from tidemark.spec.durations import parse_duration
from tidemark.support.paths import why_unfit

CHECKOUT = Path(__file__).resolve().parents[3]

_REMOTE = re.compile(r"sc://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(/(;[a-z_-]+=[A-Za-z0-9._~%+/=-]*)*)?")
_LEAST_IDLE = timedelta(minutes=1)
"""With a shorter time, a server might end between two sessions of one run."""

_MEMORY = re.compile("[1-9][0-9]{0,8}[mg]")


@dataclass(frozen=True)
class Settings:
    """The paths of one home, and the values that specs and transforms get.

    `values` holds the keys of `infra/search.yaml` (or of the file that TIDEMARK_VALUES names). If
    `<home>/search.yaml` has a key of the same name, it replaces the shared one; if both values are mappings, they are
    merged one level deep. If there is a schema beside the shared file, both files are checked against it.
    """

    home: Path
    schemas: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    catalog_address: PostgresAddress | None = None
    spark_remote: str | None = field(default=None, repr=False)
    spark_port: int | None = None
    spark_memory: str | None = None
    """The heap of the home's Spark server, for example `3g`. If None, it is chosen from the machine's memory when the
    server starts."""

    spark_idle: timedelta = timedelta(minutes=30)
    """How long the home's Spark server keeps running without a client. With the default and hourly DAGs, its memory is
    free for up to half of each hour; starting the server again takes about ten seconds."""

    @property
    def landing(self) -> Path:
        """Folder into which search logs are delivered."""
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        """Folder of the embedded catalog and its warehouse."""
        return self.home / "lake"

    @property
    def warehouse(self) -> Path:
        """Folder of table data and metadata."""
        return self.lake / "warehouse"

    @property
    def reports(self) -> Path:
        """Folder of the HTML pages that people read."""
        return self.home / "reports"

    @property
    def logs(self) -> Path:
        """Folder of service logs."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Folder of process ids, ports and locks."""
        return self.home / "run"

    @property
    def service_deaths(self) -> Path:
        """File in which the host of the services records which of them died (operate/service_deaths.py)."""
        return self.run / "service-deaths.json"

    @property
    def service_troubles(self) -> Path:
        """File in which the host's watch records which services are in trouble (operate/service_troubles.py)."""
        return self.run / "service-troubles.json"

    @property
    def airflow(self) -> Path:
        """The AIRFLOW_HOME of this home."""
        return self.home / "airflow"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment and the files. Raises SettingsError with the place and the remedy."""
    return _load(os.environ if env is None else env, _values)


def load_alert_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings as far as alerts need them: an alert must also be sent if a settings file is wrong.

    Then the values hold the block `alerts` alone, as far as that can be read. Raises SettingsError if the environment
    is wrong.
    """
    env = os.environ if env is None else env
    try:
        return load_settings(env)
    except SettingsError:
        return _load(env, lambda shared, own: overlay(alerts_alone(shared), alerts_alone(own)))


def _load(env: Mapping[str, str], values: Callable[[Path, Path], dict[str, Any]]) -> Settings:
    home = _path(env, "TIDEMARK_HOME", CHECKOUT / ".tidemark")
    return Settings(
        home=home,
        schemas=schemas_folder(env),
        values=values(_values_file(env), home / "search.yaml"),
        catalog_address=PostgresAddress.parse(env[CATALOG_VARIABLE]) if env.get(CATALOG_VARIABLE) else None,
        spark_remote=_remote(env),
        spark_port=_port(env),
        spark_memory=_memory(env),
        spark_idle=_idle(env),
    )


def schemas_folder(env: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the specs. Raises SettingsError if TIDEMARK_SCHEMAS is not a path."""
    return _path(os.environ if env is None else env, "TIDEMARK_SCHEMAS", CHECKOUT / "schemas")


def _values_file(env: Mapping[str, str]) -> Path:
    path = _path(env, "TIDEMARK_VALUES", CHECKOUT / "infra" / "search.yaml")
    if env.get("TIDEMARK_VALUES") and not path.exists():
        raise SettingsError(
            f"TIDEMARK_VALUES: {path} does not exist; name a YAML file of keys and values, or unset the variable"
        )
    return path


def _values(shared: Path, own: Path) -> dict[str, Any]:
    """Return the shared values, overlaid with the home's own.

    Each file is checked alone, so that an error names the right one. Then both are checked together, for values that do
    not go with each other.
    """
    schema, merged = read_schema(shared), dict[str, Any]()
    for path in (shared, own):
        values = read_settings(path)
        check_landing(values, path)
        check_alerts(values, path)
        check_values(values, path, schema)
        merged = overlay(merged, values)
    check_values(merged, own, schema)
    return merged


def _path(env: Mapping[str, str], name: str, default: Path) -> Path:
    text = env.get(name) or str(default)
    try:
        path = Path(text).expanduser().resolve() if text.isprintable() else Path(text)
    except (OSError, RuntimeError) as error:
        raise SettingsError(f"{name}: {text[:80]!r} is not a path ({error}); name a folder or file") from error
    path = Path(f"/{str(path).lstrip('/')}") if path.is_absolute() else path  # Java does not read //x as /x
    why = why_unfit(str(path))
    if why is not None:
        raise SettingsError(
            f"{name}: {ascii(str(path))[:160]} cannot be used: {why}. Rename the folder, or name another one"
        )
    return path


def _remote(env: Mapping[str, str]) -> str | None:
    """Return the address of a Connect server; None if none is set.

    Raises SettingsError if the address is malformed. The error shows only its scheme, because it may hold a token.
    """
    text = env.get("TIDEMARK_SPARK_REMOTE") or None
    if text is not None and not (len(text) <= 500 and _REMOTE.fullmatch(text)):
        scheme = ascii(text.partition(":")[0][:20])
        raise SettingsError(
            f"TIDEMARK_SPARK_REMOTE: the address that begins with {scheme} is malformed; write one like sc://host:15002"
        )
    return text


def _port(env: Mapping[str, str]) -> int | None:
    text = env.get("TIDEMARK_SPARK_PORT") or None
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise SettingsError(f"TIDEMARK_SPARK_PORT: {ascii(text)[:40]} is not a port; write a number from 1 to 65535")
    return int(text)


def _memory(env: Mapping[str, str]) -> str | None:
    text = env.get("TIDEMARK_SPARK_MEMORY") or None
    if text is not None and not _MEMORY.fullmatch(text):
        raise SettingsError(
            f"TIDEMARK_SPARK_MEMORY: {ascii(text)[:40]} is not a size; write a number and m or g, for example 3g, or "
            f"unset the variable"
        )
    return text


def _idle(env: Mapping[str, str]) -> timedelta:
    text = env.get("TIDEMARK_SPARK_IDLE") or None
    if text is None:
        return Settings.spark_idle
    try:
        length = parse_duration(text)
    except SpecError as error:
        raise SettingsError(
            f"TIDEMARK_SPARK_IDLE: {ascii(text)[:40]} is not a duration; write one like 30m or 2h"
        ) from error
    if length < _LEAST_IDLE:
        raise SettingsError(f"TIDEMARK_SPARK_IDLE: {text} is too short; write 1m or more")
    return length
