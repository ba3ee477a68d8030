"""The door to Spark refuses at once what would hang."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidemark import connect_server
from tidemark.connect_server import ensure_server, find_jars
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


def test_the_memory_of_the_settings_is_the_server_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect_server, "find_jars", list)
    command = connect_server._command(1, Settings(home=tmp_path, schemas=tmp_path, spark_memory="1500m"))
    assert command[command.index("--driver-memory") + 1] == "1500m"


AFTER_THE_SERVER = """
import sys
from pathlib import Path
from tidemark.settings import Settings
from tidemark.spark import connect, stop_server
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
