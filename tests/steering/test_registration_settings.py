"""The block `registration` of settings files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steering.registration_settings import MlflowSettings, read_mlflow
from tests.hostile.values import HOSTILE
from tidemark.errors import SettingsError
from tidemark.settings import load_settings

ADDRESSES = [
    "http://127.0.0.1:5000",
    "https://mlflow.example.org/team/a",
    "http://[::1]:5000",
    "/srv/ml flow/é",
]
NO_ADDRESSES = [
    "http://user:secret@host:5000",
    "https://host/?token=secret",
    "https://host/#secret",
    "http://host\n",
    "http://host\r\nX-Evil: secret",
    "http://host:5000/a b",
    "//host/secret",
    "sqlite:////etc/secret.db",
    "file:///etc/secret",
    "databricks://secret",
    "s3://secret/x",
    "relative/secret",
    "/srv/%2e%2e/secret",
    "/srv/secret?mode=memory",
    "/srv/secret\n",
    *(text for text in HOSTILE.values() if len(text) < 100_000),  # a longer file is refused as a whole
]
NO_MODELS = ["", "a b", "a/b", "a:b", "a' OR '1'='1", "ranker\n", "x" * 201, "é"]


def read(home: Path, registration: object) -> MlflowSettings | None:
    (home / "search.yaml").write_text(f"registration: {json.dumps(registration)}\n", encoding="utf-8")
    return read_mlflow(load_settings({"TIDEMARK_HOME": str(home)}).values)


def mlflow(address: object = "http://127.0.0.1:5000", model: object = "shop-ranker") -> dict[str, object]:
    return {"mlflow": {"tracking_uri": address, "model": model}}


@pytest.mark.parametrize("address", ADDRESSES)
def test_servers_and_folders_are_taken(home: Path, address: str) -> None:
    found = read(home, mlflow(address))
    assert found == MlflowSettings(address, "shop-ranker")
    assert found.folder == (Path(address) if address.startswith("/") else None)


def test_the_slash_at_the_end_does_not_matter(home: Path) -> None:
    assert read(home, mlflow("http://host/")) == MlflowSettings("http://host", "shop-ranker")


def test_nothing_is_registered_unless_a_home_asks_for_it(home: Path) -> None:
    assert read_mlflow(load_settings({"TIDEMARK_HOME": str(home)}).values) is None
    assert read(home, {"mlflow": None}) is None


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_s50_another_address_is_refused_and_not_shown(home: Path, address: str) -> None:
    with pytest.raises(SettingsError, match=r"registration\.mlflow\.tracking_uri is not accepted") as refused:
        read(home, mlflow(address))
    assert "write the address of an MLflow server" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("model", NO_MODELS)
def test_s50_a_name_that_mlflow_reads_otherwise_is_refused(home: Path, model: str) -> None:
    with pytest.raises(SettingsError, match=r"registration\.mlflow\.model is .*write the name of the registered model"):
        read(home, mlflow(model=model))


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("http://u:secret@h", "registration is not accepted (the value is not shown); write a block of keys"),
        ({"mlflo": {}}, "unknown key mlflo in registration; did you mean mlflow?"),
        ({"mlflow": "http://u:secret@h"}, "registration.mlflow is not accepted"),
        ({"mlflow": {"model": "secret"}}, "registration.mlflow is not accepted"),
        ({"mlflow": {"tracking_uri": "http://h", "model": "m", "token": "secret"}}, "unknown key token in"),
        (mlflow(address=5000), "registration.mlflow.tracking_uri is not accepted"),
    ],
)
def test_a_block_of_another_form_is_refused(home: Path, block: object, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(home, block)
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("values", [mlflow(address="ftp://secret"), mlflow(address=None), mlflow(model="a b")])
def test_values_that_no_schema_has_checked_are_refused_too(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"^registration\.mlflow\.(tracking_uri|model): write ") as refused:
        read_mlflow({"registration": values})
    assert "secret" not in str(refused.value)
