"""`tidemark doctor`: check that everything that a session needs is there, and say what to do if it is not."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tidemark.catalog import open_lake
from tidemark.catalog.lake import table_folders
from tidemark.engine.session import find_jars, java_home
from tidemark.errors import TidemarkError
from tidemark.landing.files.unclaimed_files import find_unclaimed_files
from tidemark.operate.lakes import has_lake
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
from tidemark.support.error_translation import translating_errors

_PACKAGES = ("pyspark", "pyiceberg", "pyarrow", "great-expectations", "lightgbm", "apache-airflow")
_SPARK_FILES = ("pyspark-client", "apache-airflow-providers-apache-spark")


def doctor(options: argparse.Namespace) -> int:
    """Run every check and print a line for each, then warnings. Return 1 if a check fails; warnings do not count."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("python", _python),
        ("packages", _packages),
        ("spark files", _spark_files),
        ("java", _java),
        ("jars", _jars),
        ("specs", _specs),
        ("home", _home),
        ("catalog", _catalog),
    )
    failed = sum(not _passes(name, check) for name, check in checks)
    _warn_of_unclaimed_files()
    _warn_of_tables_elsewhere()
    return 1 if failed else 0


def _passes(name: str, check: Callable[[], str]) -> bool:
    try:
        print(f"ok    {name:<12} {check()}")
    except (TidemarkError, OSError, subprocess.SubprocessError, importlib.metadata.PackageNotFoundError) as error:
        print(f"FAIL  {name:<12} {error}")
        return False
    return True


def _warn_of_unclaimed_files() -> None:
    """Warn of files that no session will read. Wrong settings or specs are reported by their own checks."""
    with contextlib.suppress(TidemarkError):
        settings = load_settings()
        unclaimed = find_unclaimed_files(settings.landing, load_specs(settings.schemas, settings.values).values())
        if unclaimed.files:
            print(f"warn  {'landing':<12} {settings.landing}: {unclaimed.describe()}")


def _warn_of_tables_elsewhere() -> None:
    """Warn of tables whose files lie outside the home: a copy of the home would lack their rows."""
    with contextlib.suppress(TidemarkError):
        settings = load_settings()
        folders = [] if not has_lake(settings) else table_folders(open_lake(settings))
        elsewhere = sorted(str(folder) for folder in folders if not folder.is_relative_to(settings.home))
        if elsewhere:
            print(
                f"warn  {'tables':<12} {len(elsewhere)} tables lie outside {settings.home}, for example in "
                f"{elsewhere[0]}; keep that folder, and copy it together with the home"
            )


def _python() -> str:
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        raise TidemarkError(f"Python {sys.version.split()[0]} is not 3.11 or 3.12; run make setup with one of these")
    return sys.version.split()[0]


def _packages() -> str:
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)


def _spark_files() -> str:
    """Check that no other distribution writes into the package folder of pyspark, which would break both."""
    installed = {dist.metadata["Name"] for dist in importlib.metadata.distributions()}
    clash = sorted(installed.intersection(_SPARK_FILES))
    if clash:
        raise TidemarkError(f"{', '.join(clash)} overwrites files of pyspark; remove .venv and run make setup")
    return "installed by pyspark alone"


def _java() -> str:
    home = java_home() or (Path(os.environ["JAVA_HOME"]) if os.environ.get("JAVA_HOME") else None)
    command = str(home / "bin" / "java") if home else shutil.which("java")
    if command is None:
        raise TidemarkError("no Java was found; run make setup, which installs one")
    output = subprocess.run([command, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    found = re.search(r'version "(\d+)', output)
    if found is None or found.group(1) not in ("17", "21"):
        raise TidemarkError(f"{command} is Java {found.group(1) if found else 'unknown'}; Spark needs 17 or 21")
    return f"{found.group(1)}, {command}"


def _jars() -> str:
    return ", ".join(jar.name for jar in find_jars())


def _specs() -> str:
    settings = load_settings()
    return f"{len(load_specs(settings.schemas, settings.values))} in {settings.schemas}"


def _home() -> str:
    home = load_settings().home
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        raise TidemarkError(f"{home}: {existing} is not writable; name another home in TIDEMARK_HOME")
    free = shutil.disk_usage(existing).free / 2**30
    if free < 1:
        raise TidemarkError(f"{home}: only {free:.1f} GiB free; free disk space, or name another home in TIDEMARK_HOME")
    return f"{home}, {free:.0f} GiB free" + ("" if existing == home else "; the first session creates it")


def _catalog() -> str:
    settings = load_settings()
    if not has_lake(settings):
        return f"none in {settings.home} yet; the first session creates it"
    with translating_errors(str(settings.lake)):
        catalog = open_lake(settings).catalog
        return f"{sum(len(catalog.list_tables(n)) for n in catalog.list_namespaces())} tables"
