"""Where things are. Settings come from the environment and two YAML files, and nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tidemark.errors import SettingsError
from tidemark.settings.file import check_landing, overlay, read_settings
from tidemark.settings.schema import check_values, read_schema

CHECKOUT = Path(__file__).resolve().parents[3]

_REMOTE = re.compile(r"sc://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?(;[a-z_-]+=[A-Za-z0-9._~%+/=-]*)*")
_CATALOG = re.compile(
    r"postgresql(\+psycopg2?)?://([^\s@/?#:]+(:[^\s@/?#]*)?@)?[A-Za-z0-9.-]+(:[0-9]{1,5})?/[A-Za-z0-9_.-]+"
    r"(\?(sslmode|sslrootcert|connect_timeout|user|password)=[^\s&#]*"
    r"(&(sslmode|sslrootcert|connect_timeout|user|password)=[^\s&#]*)*)?"
)
_MEMORY = re.compile("[1-9][0-9]{0,8}[mg]")
_UNFIT = re.compile(r"[?#%,]|\$\{")
"""What would mean something inside the catalog's address or Spark's list of folders, which hold the home's path."""


@dataclass(frozen=True)
class Settings:
    """Paths of one home and the values handed to specs and transforms.

    `values` are the keys of `infra/search.yaml` (or TIDEMARK_VALUES), each replaced by the key of the same
    name in `<home>/search.yaml` where that file has it; nested mappings are merged one level deep. Both files
    are checked against the schema beside the former, where there is one.
    """

    home: Path
    schemas: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    catalog_uri: str | None = None
    spark_remote: str | None = None
    spark_port: int | None = None
    spark_memory: str = "3g"

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
    home = _path(env, "TIDEMARK_HOME", CHECKOUT / ".tidemark")
    return Settings(
        home=home,
        schemas=schemas_folder(env),
        values=_values(_values_file(env), home / "search.yaml"),
        catalog_uri=_address(env, "TIDEMARK_CATALOG_URI", _CATALOG, "postgresql://user@host:5432/database"),
        spark_remote=_address(env, "TIDEMARK_SPARK_REMOTE", _REMOTE, "sc://host:15002"),
        spark_port=_port(env),
        spark_memory=_memory(env),
    )


def schemas_folder(env: Mapping[str, str] | None = None) -> Path:
    """The folder of the specs. Raises SettingsError for what is no path."""
    return _path(os.environ if env is None else env, "TIDEMARK_SCHEMAS", CHECKOUT / "schemas")


def _values_file(env: Mapping[str, str]) -> Path:
    path = _path(env, "TIDEMARK_VALUES", CHECKOUT / "infra" / "search.yaml")
    if env.get("TIDEMARK_VALUES") and not path.exists():
        raise SettingsError(f"TIDEMARK_VALUES: {path} is not there; name a file of keys and values, or leave it out")
    return path


def _values(shared: Path, own: Path) -> dict[str, Any]:
    """The shared values under the home's own; each file is checked alone, so that the right one is named."""
    schema, merged = read_schema(shared), dict[str, Any]()
    for path in (shared, own):
        values = read_settings(path)
        check_landing(values, path)
        check_values(values, path, schema)
        merged = overlay(merged, values)
    return merged


def _path(env: Mapping[str, str], name: str, default: Path) -> Path:
    text = env.get(name) or str(default)
    if not text.isprintable() or _UNFIT.search(text):
        raise SettingsError(f"{name}: {ascii(text)[:80]} holds what no path here may; leave out ? # % and ${{")
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise SettingsError(f"{name}: {text[:80]!r} is no path ({error}); name a folder or file") from error


def _address(env: Mapping[str, str], name: str, form: re.Pattern[str], example: str) -> str | None:
    """The address, if it has the form. The error does not show it: it may hold a password."""
    text = env.get(name) or None
    if text is not None and not (len(text) <= 500 and form.fullmatch(text)):
        scheme = ascii(text.partition(":")[0][:20])
        raise SettingsError(f"{name}: the address that begins with {scheme} is not like {example}; correct it")
    return text


def _port(env: Mapping[str, str]) -> int | None:
    text = env.get("TIDEMARK_SPARK_PORT") or None
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise SettingsError(f"TIDEMARK_SPARK_PORT: {ascii(text)[:40]} is no port; write a number from 1 to 65535")
    return int(text)


def _memory(env: Mapping[str, str]) -> str:
    text = env.get("TIDEMARK_SPARK_MEMORY") or Settings.spark_memory
    if not _MEMORY.fullmatch(text):
        what = f"TIDEMARK_SPARK_MEMORY: {ascii(text)[:40]} is no size"
        raise SettingsError(f"{what}; write a number and m or g, such as 3g, or leave it out")
    return text
