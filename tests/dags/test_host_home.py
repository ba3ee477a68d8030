"""What `make run` writes into a home: settings, secrets, handed-in files. And what setup refuses."""

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

from infra.local import homes, inputs, jars, java, truststore
from infra.local.airflow_home import configuration, environment, prepare
from infra.local.errors import HostError
from infra.local.setup_error import SetupError
from tidemark.settings import CHECKOUT, Settings, load_settings


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, schemas=CHECKOUT / "schemas")


def silent(_: str) -> None:
    """Nobody listens."""


def test_airflow_listens_on_this_machine_only_and_tasks_find_it(settings: Settings) -> None:
    said = configuration(settings, 8123)
    assert said["api"]["host"] == "127.0.0.1"
    assert said["api"]["base_url"] == "http://127.0.0.1:8123"
    assert said["core"]["execution_api_server_url"] == "http://127.0.0.1:8123/execution/"
    assert said["core"]["load_examples"] == "False"
    assert len(said["api_auth"]["jwt_secret"]) >= 64


def test_secrets_are_kept_and_are_their_owners_alone(settings: Settings) -> None:
    prepare(settings, 8123)
    before = (settings.airflow / "airflow.cfg").read_text()
    prepare(settings, 8123)
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


def test_files_are_handed_in_once_and_never_changed(settings: Settings, tmp_path: Path) -> None:
    logs = tmp_path / "given"
    (logs / "2026-04-12T07").mkdir(parents=True)
    (logs / "2026-04-12T07" / "a.jsonl").write_text("{}\n")
    (logs / "README.md").write_text("about")
    first = inputs.hand_in(settings.landing, {"LOGS": logs})
    assert (first.new, first.left_out) == (1, (str(logs / "README.md"),))
    assert inputs.hand_in(settings.landing, {"LOGS": logs}).new == 0
    (logs / "b.jsonl.gz").write_bytes(b"b")
    (logs / "2026-04-12T07" / "a.jsonl").unlink()
    (logs / "2026-04-12T07" / "a.jsonl").write_text('{"more": 1}\n')
    assert inputs.hand_in(settings.landing, {"LOGS": logs}).new == 2
    landed = sorted(p.relative_to(settings.landing).as_posix() for p in settings.landing.rglob("*.jsonl*"))
    assert landed[0] == "logs/2026-04-12T07/" + landed[0].rpartition("/")[2]
    assert len(landed) == 3
    assert (settings.landing / "logs/2026-04-12T07/a.jsonl").read_text() == "{}\n"


def test_what_is_handed_in_by_a_name_of_its_own_is_no_log(settings: Settings, tmp_path: Path) -> None:
    for place in ("ubi/queries.jsonl", "ubi/grades.jsonl", "ubi/items/shop.jsonl"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(place, encoding="utf-8")
    ubi = tmp_path / "ubi"

    inputs.hand_in(settings.landing, {"LOGS": ubi, "JUDGMENTS": ubi / "grades.jsonl", "ITEMS": ubi / "items"})

    landed = {str(path.relative_to(settings.landing)) for path in settings.landing.rglob("*") if path.is_file()}
    assert landed == {"logs/queries.jsonl", "judgments/grades.jsonl", "items/shop.jsonl"}


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="LOGS="):
        inputs.asked({"LOGS": str(tmp_path / "nowhere")})


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
    inner = tmp_path / "java"
    inner.write_text('#!/bin/sh\nfor a do echo "[$a]"; done\n')
    inner.chmod(0o755)
    shim = tmp_path / "shim"
    shim.write_text(java._SHIM.format(java=inner))
    shim.chmod(0o755)
    options = ["-cp", "a b", "--add-modules=jdk.incubator.vector", "--add-modules=jdk.net", "Main"]
    said = subprocess.run([shim, *options], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:-1] == ["[-cp]", "[a b]", "[--add-modules=jdk.net]", "[Main]"]


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
