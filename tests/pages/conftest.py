"""A home with two sessions and some reports, and a server of its pages behind Airflow's login. No engine is needed."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pages.lake import make_lake
from tidemark.settings import CHECKOUT

NOW = datetime(2026, 4, 12, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """A server's answer. The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Pages:
    """A running server: its port, the paths of the app, a login token for each role, and the home that it shows."""

    port: int
    routes: list[str]
    tokens: Mapping[str, str]
    home: Path

    def ask(
        self,
        path: str,
        role: str | None = None,
        method: str = "GET",
        accept: str = "*/*",
        body: str | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send a request with the path exactly as given; with the login cookie of a role, if one is named."""
        headers = {"Accept": accept} | ({"Cookie": f"_token={self.tokens[role]}"} if role else {})
        headers |= {"Content-Type": content_type} if body is not None else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)
        finally:
            connection.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages of a small home, served by the parts of Airflow that protect them."""
    home = tmp_path_factory.mktemp("pages") / "home"
    make_lake(home)
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pages.serve", str(port)],
        env=_environment(home),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = json.loads(next(line for line in process.stdout if line.startswith("{")))
        _await(port)
        yield Pages(port, said["routes"], said["tokens"], home)
    finally:
        process.kill()
        process.communicate()


def _environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "TIDEMARK"))}
    return kept | {
        "AIRFLOW_HOME": str(home.parent / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "infra" / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "u:viewer",
        "AIRFLOW__API_AUTH__JWT_SECRET": "s" * 64,
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "TIDEMARK_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)]),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server of the pages does not listen")
