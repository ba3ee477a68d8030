"""The door to Spark refuses at once what would hang."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tidemark.engine import connect_server
from tidemark.engine.connect_server import ensure_server, find_jars, running_server, stop_server
from tidemark.errors import EngineError
from tidemark.settings import CHECKOUT, Settings


@pytest.mark.parametrize(
    ("remote", "said"), [("http://127.0.0.1:1", "no address like"), ("sc://127.0.0.1:1", "no Spark Connect server")]
)
def test_a_remote_that_does_not_answer_is_named(tmp_path: Path, remote: str, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        ensure_server(Settings(home=tmp_path, schemas=tmp_path, spark_remote=remote))


def test_missing_jars_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMARK_JARS", str(tmp_path))
    with pytest.raises(EngineError, match="make setup"):
        find_jars()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home in which no server was started."""
    (tmp_path / "run").mkdir()
    return Settings(home=tmp_path, schemas=tmp_path)


def test_a_port_that_another_program_holds_is_named_and_not_taken_for_spark(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(EngineError, match=f"^TIDEMARK_SPARK_PORT: port {taken} "):
            ensure_server(replace(settings, spark_port=taken))
    assert not (settings.run / "spark-connect.json").exists()


def test_a_server_of_another_home_that_has_the_id_of_ours_is_left_alone(settings: Settings) -> None:
    """After a reboot the ids begin anew."""
    sleep = [sys.executable, "-c", "import time; time.sleep(600)", connect_server._SERVER]
    other = subprocess.Popen(sleep, start_new_session=True)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.listen()
        said = {"pid": other.pid, "port": port.getsockname()[1], "born": "before the reboot 1"}
        (settings.run / "spark-connect.json").write_text(json.dumps(said))
        try:
            assert running_server(settings) is None
            stop_server(settings)
            assert other.poll() is None
        finally:
            other.kill()
            other.wait()


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"port": 1}', '{"pid": 1}', '{"pid": "x", "port": "y"}'])
def test_a_broken_state_file_is_no_server(settings: Settings, content: str) -> None:
    (settings.run / "spark-connect.json").write_text(content)
    assert running_server(settings) is None
    stop_server(settings)
    assert not (settings.run / "spark-connect.json").exists()


def test_the_memory_of_the_settings_is_the_server_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect_server, "find_jars", list)
    command = connect_server._command(1, Settings(home=tmp_path, schemas=tmp_path, spark_memory="1500m"))
    assert command[command.index("--driver-memory") + 1] == "1500m"


AFTER_THE_SERVER = """
import sys
from pathlib import Path
from tidemark.settings import Settings
from tidemark.engine.session import connect, stop_server
home = Path(sys.argv[1])
settings = Settings(home=home, schemas=home)
print(connect(settings).range(3).count())
stop_server(settings)
"""


@pytest.mark.spark
def test_a_process_ends_though_its_server_ended_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", AFTER_THE_SERVER, str(tmp_path)]
    env = {name: value for name, value in os.environ.items() if name != "TIDEMARK_SPARK_REMOTE"}
    env["PYTHONPATH"] = f"{CHECKOUT / 'jobs'}:{CHECKOUT}"
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "3"
