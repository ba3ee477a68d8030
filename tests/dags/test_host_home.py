"""The settings and secrets that `make run` writes into a home, and what setup refuses."""

from __future__ import annotations

import configparser
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from infra.local import bootstrap, checkout, homes, jars, java, truststore
from infra.local.airflow_home import configuration, environment, prepare
from infra.local.environment import command_text
from infra.local.errors import HostError
from infra.local.secret import password
from infra.local.setup_error import SetupError
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.support import paths


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, schemas=CHECKOUT / "schemas")


ODD = 'a folder\'s "$HOME" ü+&;[x]{y}'


def silent(_: str) -> None:
    """Ignore the text."""


def test_airflow_listens_on_this_machine_only_and_tasks_find_it(settings: Settings) -> None:
    said = configuration(settings, 8123, "postgresql://a@/b?host=%2F")
    assert said["api"]["host"] == "127.0.0.1"
    assert said["api"]["base_url"] == "http://127.0.0.1:8123"
    assert said["core"]["execution_api_server_url"] == "http://127.0.0.1:8123/execution/"
    assert said["core"]["load_examples"] == "False"
    assert len(said["api_auth"]["jwt_secret"]) >= 64


def test_secrets_are_kept_and_are_their_owners_alone(settings: Settings) -> None:
    prepare(settings, 8123, "postgresql://a@/b")
    before = (settings.airflow / "airflow.cfg").read_text()
    prepare(settings, 8123, "postgresql://a@/b")
    assert (settings.airflow / "airflow.cfg").read_text() == before
    parser = configparser.RawConfigParser()
    parser.read_string(before)
    for name in ("airflow.cfg", "jwt.key", "fernet.key"):
        assert stat.S_IMODE((settings.airflow / name).stat().st_mode) == 0o600
    assert parser["core"]["dags_folder"] == str(CHECKOUT / "dags")


def test_airflow_settings_of_the_shell_do_not_leak_in(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "True")
    found = environment(settings)
    assert not [key for key in found if key.startswith("AIRFLOW__")]
    assert found["TIDEMARK_HOME"] == str(settings.home)


def test_settings_of_metrics_lineage_and_log_levels_are_the_operators(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": "{}",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "great_expectations=DEBUG",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": "/elsewhere",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    passed = {key: value for key, value in environment(settings).items() if key.startswith("AIRFLOW__")}
    assert passed == {key: value for key, value in own.items() if not key.endswith("FOLDER")}


def test_own_logs_do_not_go_into_the_demo(settings: Settings, tmp_path: Path) -> None:
    from infra.demo.world import make

    make(settings.home, {"scale": 0.02}, days=1)
    before = sorted(settings.landing.rglob("*"))
    (tmp_path / "own.jsonl").write_text("{}\n")
    with pytest.raises(HostError, match="TIDEMARK_HOME="):
        homes.prepare(settings, {"LOGS": str(tmp_path / "own.jsonl")}, silent)
    assert sorted(settings.landing.rglob("*")) == before


def test_the_demo_does_not_go_among_own_logs(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text("{}\n")
    homes.prepare(settings, {"LOGS": str(tmp_path / "own.jsonl")}, silent)()
    homes.prepare(settings, {}, silent)()
    assert homes.demo_end(settings) is None
    assert load_settings({"TIDEMARK_HOME": str(settings.home)}).values["landing"]["completeness"] == "data"


def test_settings_of_the_user_stay(settings: Settings, tmp_path: Path) -> None:
    (settings.home / "search.yaml").write_text("label_horizon: 7d\n")
    (tmp_path / "own.jsonl").write_text("{}\n")
    homes.prepare(settings, {"LOGS": str(tmp_path / "own.jsonl")}, silent)()
    assert (settings.home / "search.yaml").read_text() == "label_horizon: 7d\n"


def test_a_jar_that_is_not_as_pinned_is_refused_by_name(tmp_path: Path) -> None:
    pinned = jars.read(CHECKOUT / "infra" / "local" / "jars.sha256")
    assert len(pinned) == 3
    (tmp_path / pinned[0].name).write_bytes(b"something else")
    with pytest.raises(SetupError, match=pinned[0].name):
        jars.check(tmp_path / pinned[0].name, pinned[0])


def test_the_packaged_java_is_not_asked_for_a_module_that_it_lacks(tmp_path: Path) -> None:
    inner = tmp_path / ODD / "java"
    inner.parent.mkdir()
    inner.write_text('#!/bin/sh\nfor a do echo "[$a]"; done\n')
    inner.chmod(0o755)
    shim = tmp_path / "shim"
    shim.write_text(java.shim_text(inner))
    shim.chmod(0o755)
    options = ["-cp", "a b", "--add-modules=jdk.incubator.vector", "--add-modules=jdk.net", "Main"]
    said = subprocess.run([shim, *options], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:-1] == ["[-cp]", "[a b]", "[--add-modules=jdk.net]", "[Main]"]


def test_the_command_runs_in_a_checkout_whose_path_holds_a_blank(tmp_path: Path) -> None:
    python = tmp_path / ODD / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\nfor a do echo "[$a]"; done\n')
    python.chmod(0o755)
    command = tmp_path / "tidemark"
    command.write_text(command_text(python))
    command.chmod(0o755)
    said = subprocess.run([command, "plan", "a b"], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["[-P]", "[-m]", "[tidemark]", "[plan]", "[a b]"]


def test_a_checkout_may_hold_no_more_than_a_home() -> None:
    """The default home is inside the checkout, so a checkout must refuse every path that a home refuses."""
    for part in paths.UNFIT:
        assert checkout.why_unfit(Path(f"/home/a{part}b")) is not None
    assert checkout.why_unfit(Path("/home/a b/ü+';{}[]&=/tidemark")) is None


@pytest.mark.parametrize("part", [*checkout.UNFIT, "\n"])
def test_a_checkout_that_nothing_runs_from_is_refused_with_the_reason(
    part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "CHECKOUT", Path(f"/home/a{part}b/tidemark"))
    assert bootstrap.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("setup: the checkout '/home/a")
    assert said.endswith(". Move it\n")
    assert len(said.splitlines()) == 1


def test_the_packaged_java_trusts_whom_the_machine_trusts(tmp_path: Path) -> None:
    pem, store = tmp_path / "trusted.pem", tmp_path / "store"
    pem.write_bytes(_authority("one") + _authority("two"))
    truststore.write(pem, store)
    found = load_pkcs12(store.read_bytes(), truststore.PASSWORD.encode()).additional_certs
    assert [entry.certificate.subject.rfc4514_string() for entry in found] == ["CN=one", "CN=two"]


def _authority(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("stored", ["", "{", "[]", "null", '{"other": "x"}', '"admin"'])
def test_a_file_that_holds_no_password_is_named_with_what_to_do(tmp_path: Path, stored: str) -> None:
    path = tmp_path / "passwords.json"
    path.write_text(stored)
    with pytest.raises(
        HostError, match=r"passwords\.json: contains no password of the user admin; run make stop, remove"
    ):
        password(path)
