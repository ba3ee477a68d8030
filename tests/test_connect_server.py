"""The engine fails at once where Spark's client would hang."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tidemark.engine.connect_server import ensure_server, running_server, shown_address, stop_server
from tidemark.engine.running_servers import HOME_ARGUMENT, SERVER_CLASS, read_arguments
from tidemark.engine.server_command import TOKEN_VARIABLE, find_jars, server_command, server_environment
from tidemark.engine.server_state import ServerState
from tidemark.engine.session import open_session
from tidemark.errors import EngineError
from tidemark.settings import CHECKOUT, Settings


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("http://127.0.0.1:1", "is not an address"),
        ("sc://127.0.0.1:1", "no Spark Connect server"),
        ("sc://127.0.0.1:1/;token=s3cret", "no Spark Connect server"),
        ("sc://127.0.0.1:1;token=s3cret", "cannot be read"),
    ],
)
def test_a_remote_that_does_not_answer_is_named_without_its_token(tmp_path: Path, remote: str, said: str) -> None:
    with pytest.raises(EngineError, match=said) as refused:
        ensure_server(Settings(home=tmp_path, schemas=tmp_path, spark_remote=remote))
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


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
    """After a reboot, process ids start again from the beginning."""
    sleep = [sys.executable, "-c", "import time; time.sleep(600)", SERVER_CLASS]
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


@pytest.mark.spark
def test_a_server_s_arguments_name_its_home_port_and_heap_and_hold_no_secret(settings: Settings) -> None:
    token = ServerState(settings.run).new_token()
    home = settings.home / "my home; it's [ü]"
    command = server_command(15003, "1500m", replace(settings, home=home))
    assert f"{HOME_ARGUMENT}{home}" in command
    assert token not in "".join(command)
    assert server_environment(token)[TOKEN_VARIABLE] == token

    memory = command[command.index("--driver-memory") + 1]
    as_java_is_called = ["java", f"-Xmx{memory}", "org.apache.spark.deploy.SparkSubmit", *command[1:]]
    assert read_arguments(as_java_is_called) == (home, 15003, 1500 * 2**20)
    assert read_arguments(["java", "-Xmx1g", SERVER_CLASS]) is None


@pytest.mark.spark
def test_a_server_reads_the_operator_s_spark_settings_or_else_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARK_CONF_DIR", raising=False)
    ours = Path(server_environment("token")["SPARK_CONF_DIR"])
    assert "spark.sql.shuffle.partitions 4\n" in (ours / "spark-defaults.conf").read_text(encoding="utf-8")
    monkeypatch.setenv("SPARK_CONF_DIR", "/etc/spark")
    assert server_environment("token")["SPARK_CONF_DIR"] == "/etc/spark"


def test_the_token_is_its_owner_s_to_read_and_another_one_for_each_server(settings: Settings) -> None:
    state = ServerState(settings.run)
    first, second = state.new_token(), state.new_token()
    assert first != second == state.token()
    assert stat.S_IMODE(state.token_path.stat().st_mode) == 0o600


def test_an_address_is_shown_without_its_token() -> None:
    assert shown_address("sc://host:15002/;use_ssl=true;token=s3cret") == "sc://host:15002"
    assert shown_address("sc://host") == "sc://host"


AFTER_THE_SERVER = """
import sys
from pathlib import Path
from tidemark.settings import Settings
from tidemark.engine.session import connect, stop_server
home = Path(sys.argv[1])
settings = Settings(home=home, schemas=home)
session = connect(settings)
print(session.range(3).count(), session.conf.get("spark.sql.shuffle.partitions"))
stop_server(settings)
"""


@pytest.mark.spark
@pytest.mark.usefixtures("quick_servers")
def test_a_process_ends_though_its_server_ended_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", AFTER_THE_SERVER, str(tmp_path)]
    env = {name: value for name, value in os.environ.items() if name != "TIDEMARK_SPARK_REMOTE"}
    env["PYTHONPATH"] = f"{CHECKOUT / 'jobs'}:{CHECKOUT}"
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["3", "1"], "the settings in SPARK_CONF_DIR are those of the session"


@pytest.mark.spark
@pytest.mark.parametrize("token", ["", ";token=guessed"], ids=["without a token", "with a wrong one"])
def test_a_server_refuses_who_has_not_its_token(spark_remote: str, token: str) -> None:
    address = f"{shown_address(spark_remote)}/{token}"
    from pyspark.sql.connect.session import SparkSession

    with pytest.raises(EngineError, match="refuses the token") as refused:
        open_session(address, {"spark.sql.session.timeZone": "UTC"})
    assert "guessed" not in str(refused.value)
    active = SparkSession.getActiveSession()
    assert active is None or active.range(1).count() == 1, "the refused session is not used by default"
    assert open_session(spark_remote, {}).range(2).count() == 2
