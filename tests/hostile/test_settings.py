"""Hostile settings are refused with the name of the setting, before the lake is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.values import HOSTILE
from tidemark.errors import SettingsError
from tidemark.settings import PostgresAddress, load_settings
from tidemark.settings.file import LARGEST

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES = {
    "a bomb": (BOMB, "anchors and aliases are not allowed"),
    "a merge": ("a: &a {b: 1}\nc: {<<: *a}\n", "anchors and aliases are not allowed"),
    "Python": ("a: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
    "a key twice": ("label_horizon: 7d\nlabel_horizon: 1d\n", "label_horizon occurs twice in its block line 2"),
    "an inner key twice": ("landing: {settling: 1m, settling: 2m}\n", "settling occurs twice in its block line 1"),
    "deep": ("a: " + "[" * 5000, "nested more than"),
    "no date": ("a: 2026-13-45\n", "cannot be read"),
    "no truth": ("a: !!bool maybe\n", "cannot be read"),
    "NUL": ("a: \x00\n", "cannot be read"),
    "a list": ("[a, b]\n", "expected keys and values"),
    "a number as key": ("1: 2\n", "expected keys and values"),
    "huge": ("a: " + "x" * LARGEST, "larger than 1 MB"),
    "landing is a text": ("landing: now\n", "landing is not a block of keys"),
    "landing is nothing": ("landing:\n", "landing is not a block of keys"),
    "no duration": ("landing: {settling: soon}\n", "landing.settling: 'soon' is not a duration"),
    "a negative duration": ("landing: {future_tolerance: -1d}\n", "landing.future_tolerance is negative"),
    "no length": ("landing: {longest_line: '; DROP'}\n", "landing.longest_line: write a number"),
    "endless lines": ("landing: {longest_line: 99999999999999}\n", "landing.longest_line: write a number"),
    "no completeness": ("landing: {completeness: always}\n", "landing.completeness: write clock or data"),
    "an empty tolerance": (
        "landing: {future_tolerance: null}\n",
        "landing.future_tolerance is empty; write a duration",
    ),
    "a slip in landing": ("landing: {settlng: 1h}\n", "unknown key settlng in landing; did you mean settling?"),
    "a key of no kind": ("landing: {1: 2}\n", "unknown key 1 in landing; known keys: settling, future_tolerance"),
}
ADDRESSES = {
    "TIDEMARK_CATALOG_URI": [
        "sqlite:////etc/passwd",
        "mysql://root@host/db",
        "postgresql://user:secret@host/db?socketFactory=org.springframework.context.X&socketFactoryArg=http://evil",
        "postgresql://user:secret@host/db?sslmode=disable&options=-c%20x",
        "postgresql:///db",
        "file:///etc/passwd",
        "jdbc:postgresql://host/db",
        *HOSTILE.values(),
    ],
    "TIDEMARK_SPARK_REMOTE": [
        "local[*]",
        "spark://host:7077",
        "http://host:15002",
        "sc://",
        "sc://user:secret@host:15002",
        "sc://host:999999",
        "sc://host:15002/;token=a b",
        "sc://host:15002/../x",
        *HOSTILE.values(),
    ],
    "TIDEMARK_SPARK_MEMORY": ["lots", "0g", "3", "3gb", "-1g", "3g --conf x", "٣g", *HOSTILE.values()],
    "TIDEMARK_SPARK_IDLE": ["soon", "0m", "59s", "-1h", "30", "1h; ls", *HOSTILE.values()],
    "TIDEMARK_SPARK_PORT": ["0", "65536", "-1", "1e3", "15002; ls", "٣", *HOSTILE.values()],
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("place", ["home", "shared"])
def test_s50_a_hostile_settings_file_is_refused_with_its_fault(tmp_path: Path, case: str, place: str) -> None:
    text, words = FILES[case]
    file = tmp_path / ("search.yaml" if place == "home" else "values.yaml")
    file.write_text(text)
    env = {"TIDEMARK_HOME": str(tmp_path)} | ({"TIDEMARK_VALUES": str(file)} if place == "shared" else {})
    with pytest.raises(SettingsError) as refused:
        load_settings(env)
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"{file}: "), "the file that holds the fault is named, and no other"
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in ADDRESSES.items() for value in values if value]
)
def test_s50_a_hostile_address_is_refused_by_name_and_tells_no_secret(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: ") as refused:
        load_settings({"TIDEMARK_HOME": str(tmp_path), name: value})
    assert "secret" not in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", ["TIDEMARK_HOME", "TIDEMARK_SCHEMAS", "TIDEMARK_VALUES"])
@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a?mode=memory", "a#b", "a%00", "${env:HOME}", "a\u202eb", "a,b"])
def test_s50_a_path_that_means_more_than_a_path_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load_settings({name: text})


def test_s50_a_settings_file_that_is_named_and_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^TIDEMARK_VALUES: .* does not exist"):
        load_settings({"TIDEMARK_VALUES": str(tmp_path / "none.yaml")})


def test_what_people_write_is_taken(tmp_path: Path) -> None:
    home = tmp_path / "a home; it's $(mine)"
    for uri in ("postgresql://ada:pass%20word@db.example:5432/lake?sslmode=require", "postgresql+psycopg2://h/lake"):
        read = load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_CATALOG_URI": uri}).catalog_address
        assert read == PostgresAddress.parse(uri)
    for remote in ("sc://localhost:15002", "sc://spark.example", "sc://[::1]:15002/;use_ssl=true;token=aB3="):
        assert load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": remote}).spark_remote == remote
    assert load_settings({"TIDEMARK_HOME": str(home)}).home == home
    for memory, meant in {"": None, "1500m": "1500m", "12g": "12g"}.items():
        assert load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_MEMORY": memory}).spark_memory == meant
