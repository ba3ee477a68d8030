"""The block `alerts` of settings files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemark.errors import SettingsError
from tidemark.settings import load_settings
from tidemark.settings.alerts import AlertSettings, read_alerts


def read(home: Path, text: str) -> AlertSettings:
    (home / "search.yaml").write_text(text, encoding="utf-8")
    return read_alerts(load_settings({"TIDEMARK_HOME": str(home)}).values)


def test_by_default_there_is_no_channel_besides_the_log(tmp_path: Path) -> None:
    assert read(tmp_path, "") == AlertSettings()


def test_keys_of_the_home_replace_the_shared_ones_one_by_one(tmp_path: Path) -> None:
    found = read(tmp_path, "alerts: {mail_to: [a@example.org], webhook_connection: hook}\n")
    assert found == AlertSettings(mail_to=("a@example.org",), webhook_connection="hook")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alerts: {mail_too: [a@b.org]}", "unknown key mail_too in alerts; did you mean mail_to"),
        ("alerts: {mail_to: a@b.org}", "write a list of addresses"),
        ("alerts: {mail_to: [on-call]}", "write addresses such as on-call@example.org"),
        ('alerts: {mail_to: ["a@b.org\\nBcc: c@d.org"]}', "alerts.mail_to is 'a@b.org"),
        ('alerts: {mail_from: "A <a@b.org>"}', "write an address such as"),
        ("alerts: {webhook_connection: https://hooks.example.org/secret}", "write the id of an Airflow connection"),
        ("alerts: {pages: file:///etc/}", "write an address that ends with /"),
        ("alerts: [mail]", "alerts is not a block of keys"),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_file_and_remedy(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=r"search\.yaml") as refused:
        read(tmp_path, text)
    assert words in str(refused.value)
