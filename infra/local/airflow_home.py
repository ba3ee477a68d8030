"""AIRFLOW_HOME of a Tidemark home: one readable `airflow.cfg`, the secrets, and the early imports of workers."""

from __future__ import annotations

import configparser
import io
import os
import sys
from pathlib import Path

from infra.local.database import VARIABLE
from infra.local.secret import USER, secret, write_private
from tidemark.settings import CHECKOUT, Settings

PASSED_ON = (
    "AIRFLOW__LOGGING__LOGGING_LEVEL",
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS",
    "AIRFLOW__METRICS__",
    "AIRFLOW__OPENLINEAGE__",
)
"""What an operator may set in the environment of `make run`. All other settings of Airflow are those of the home."""

_EARLY = '"""Airflow imports this module when it starts; infra/local/warm.py says why."""\n\nimport infra.local.warm\n'


def prepare(settings: Settings, port: int, database: str) -> None:
    """Write the configuration, and keep the database, the logs and the secrets next to it.

    `port` is the port of the API server, `database` the SQLAlchemy address of Airflow's database.
    """
    home = settings.airflow
    home.mkdir(parents=True, exist_ok=True)
    write_private(home / "airflow.cfg", _text(configuration(settings, port, database)))
    early = home / "config" / "airflow_local_settings.py"
    early.parent.mkdir(exist_ok=True)
    early.write_text(_EARLY, encoding="utf-8")


def configuration(settings: Settings, port: int, database: str) -> dict[str, dict[str, str]]:
    """Return the settings that differ from Airflow's defaults, by section."""
    home, url = settings.airflow, f"http://127.0.0.1:{port}"
    return {
        "core": {
            "dags_folder": str(CHECKOUT / "dags"),
            "plugins_folder": str(CHECKOUT / "infra" / "plugins"),
            "executor": "LocalExecutor",
            "parallelism": "4",
            "load_examples": "False",
            "fernet_key": secret(home / "fernet.key", 32),
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(password_file(settings)),
            # Tasks reach the API here. Without this setting and with a port other than 8080, every task fails with an
            # empty log.
            "execution_api_server_url": f"{url}/execution/",
            # Tasks can use what the scheduler has imported only if workers are forked.
            "mp_start_method": "fork" if sys.platform.startswith("linux") else "spawn",
            "lazy_load_plugins": "True",
        },
        # For Airflow, a percent sign begins a reference to another setting unless it is doubled.
        "database": {"sql_alchemy_conn": database.replace("%", "%%")},
        "api": {"host": "127.0.0.1", "port": str(port), "base_url": url, "workers": "1"},
        # 64 bytes: with a shorter key, the signing library prints a warning in each task.
        "api_auth": {"jwt_secret": secret(home / "jwt.key", 64)},
        "scheduler": {
            "catchup_by_default": "False",
            "scheduler_idle_sleep_time": "0.3",
            # If a scheduler or a worker is killed, its tasks count as lost after about a minute instead of five.
            "orphaned_tasks_check_interval": "20",
            "task_instance_heartbeat_timeout": "90",
        },
        "dag_processor": {
            "refresh_interval": "30",
            "min_file_process_interval": "30",
            "parsing_processes": "1",
        },
        "logging": {"base_log_folder": str(settings.logs / "airflow"), "colored_console_log": "False"},
        "workers": {
            # If a worker misses the end of its task, it looks again after this time and keeps its slot until then.
            "min_heartbeat_interval": "1",
            # With these values a task survives a restart of the API server, which takes up to half a minute.
            "execution_api_retries": "12",
            "execution_api_retry_wait_max": "15",
        },
        "usage_data_collection": {"enabled": "False"},
    }


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of every Airflow process. Of the caller's Airflow settings only PASSED_ON are passed on.

    The address of Airflow's database is only in `airflow.cfg`, which only the owner can read.
    """
    kept = {key: value for key, value in os.environ.items() if _is_passed_on(key)}
    return {
        # If no collector answers, a task ends two seconds later instead of a quarter of a minute.
        "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "2",
        **kept,
        "AIRFLOW_HOME": str(settings.airflow),
        "TIDEMARK_HOME": str(settings.home),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "NO_COLOR": "1",
        # Otherwise its threads would exist when the scheduler forks its workers.
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
    }


def _is_passed_on(variable: str) -> bool:
    return variable.startswith(PASSED_ON) if variable.startswith("AIRFLOW__") else variable != VARIABLE


def password_file(settings: Settings) -> Path:
    """Return the file that holds the login of the Airflow user."""
    return settings.airflow / "passwords.json"


def _text(sections: dict[str, dict[str, str]]) -> str:
    parser = configparser.RawConfigParser()
    parser.read_dict(sections)
    buffer = io.StringIO()
    buffer.write("# Written at each start by infra/local/airflow_home.py; changes made here are overwritten.\n")
    parser.write(buffer)
    return buffer.getvalue()
