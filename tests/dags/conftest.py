"""Load the DAG folder once, as Airflow does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def load_dags(folder: Path, airflow_home: Path) -> dict[str, Any]:
    """Return what `read_dags.py` finds in a folder."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW__")}
    env |= {
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)]),
    }
    command = [sys.executable, str(Path(__file__).with_name("read_dags.py")), str(folder)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The checkout's DAG folder: its DAGs, import errors, and what parsing imported."""
    return load_dags(CHECKOUT / "dags", tmp_path_factory.mktemp("airflow"))


@pytest.fixture(scope="session")
def dags(folder: dict[str, Any]) -> dict[str, Any]:
    """The DAGs by id. Fails if one does not load."""
    assert folder["errors"] == {}
    found: dict[str, Any] = folder["dags"]
    return found
