"""Where things are. Settings come from the environment and two YAML files, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tidemark.errors import SettingsError

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Paths of one home and the values handed to specs and transforms.

    `values` are the keys of `infra/search.yaml` (or TIDEMARK_VALUES), each replaced by the key of the same
    name in `<home>/search.yaml` where that file has it; nested mappings are merged one level deep.
    """

    home: Path
    schemas: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    catalog_uri: str | None = None
    spark_remote: str | None = None
    spark_port: int | None = None

    @property
    def landing(self) -> Path:
        """Folder that search logs are dropped into."""
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
        """Folder of the pages that people read."""
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
    def airflow(self) -> Path:
        """AIRFLOW_HOME of this home."""
        return self.home / "airflow"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings in force. Raises SettingsError with the place and the remedy."""
    env = os.environ if env is None else env
    home = Path(env.get("TIDEMARK_HOME") or CHECKOUT / ".tidemark").expanduser().resolve()
    shared = Path(env.get("TIDEMARK_VALUES") or CHECKOUT / "infra" / "search.yaml")
    return Settings(
        home=home,
        schemas=Path(env.get("TIDEMARK_SCHEMAS") or CHECKOUT / "schemas").resolve(),
        values=_overlay(_read(shared), _read(home / "search.yaml")),
        catalog_uri=env.get("TIDEMARK_CATALOG_URI") or None,
        spark_remote=env.get("TIDEMARK_SPARK_REMOTE") or None,
        spark_port=int(env["TIDEMARK_SPARK_PORT"]) if env.get("TIDEMARK_SPARK_PORT") else None,
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not readable as YAML: {error}; correct the file") from error
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: expected keys and values at the top level; correct the file")
    return values


def _overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
