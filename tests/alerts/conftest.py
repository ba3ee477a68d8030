"""Settings with channels, and the Airflow connections that they name."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.receivers import Received, mail_server, webhook
from tidemark.settings import CHECKOUT, Settings, load_settings

MAIL_PASSWORD, WEBHOOK_TOKEN, WEBHOOK_SECRET = "hunter2-mail", "hunter2-token", "hunter2-path"
Connect = Callable[[str, dict[str, Any]], None]


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import Airflow with a home of its own. Its first import sets up logging, so it comes before a test reads logs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        importlib.import_module("tidemark.airflow.alerting.channels")
        importlib.import_module("airflow.providers.smtp.hooks.smtp")


@pytest.fixture
def connect(airflow: None, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Define an Airflow connection in the environment."""

    def define(name: str, content: dict[str, Any]) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(content))

    return define


def mail_connection(port: int, **more: Any) -> dict[str, Any]:
    """A mail server without TLS that asks for a login."""
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "tidemark@example.org", "timeout": 5} | more
    login = {"login": "tidemark", "password": MAIL_PASSWORD}
    return {"conn_type": "smtp", "host": "127.0.0.1", "port": port, **login, "extra": extra}


def webhook_connection(port: int, scheme: str = "http") -> dict[str, Any]:
    """A webhook whose path and token are secret."""
    host = f"{scheme}://127.0.0.1:{port}/{WEBHOOK_SECRET}"
    return {"conn_type": "http", "host": host, "password": WEBHOOK_TOKEN}


def settings_with(home: Path, **alerts: Any) -> Settings:
    """Settings whose block `alerts` has these keys."""
    values = load_settings({"TIDEMARK_HOME": str(home)}).values
    return Settings(home=home, schemas=CHECKOUT / "schemas", values={**values, "alerts": alerts})


@pytest.fixture
def mails(connect: Connect) -> Iterator[Received]:
    """A mail server behind the connection `smtp_default`."""
    with mail_server() as received:
        connect("smtp_default", mail_connection(received.port))
        yield received


@pytest.fixture
def posts(connect: Connect) -> Iterator[Received]:
    """A webhook behind the connection `tidemark_webhook`."""
    with webhook() as received:
        connect("tidemark_webhook", webhook_connection(received.port))
        yield received


@pytest.fixture
def both(mails: Received, posts: Received, tmp_path: Path) -> Settings:
    """Settings with both channels, whose servers run."""
    return settings_with(tmp_path, mail_to=["on-call@example.org"], webhook_connection="tidemark_webhook")
