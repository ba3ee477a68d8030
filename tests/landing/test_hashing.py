"""The cache of hashes: only readable entries are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tidemark.landing.files import hashing
from tidemark.landing.files.hashing import ListedFile, hash_file, hash_files, mark_of


def seen(folder: Path, name: str) -> ListedFile:
    """Return a file of the folder in its present state."""
    path = folder / name
    stat = path.stat()
    return ListedFile(name, path, stat.st_size, mark_of(stat), int(stat.st_mtime))


@pytest.fixture
def files(tmp_path: Path) -> list[ListedFile]:
    """Two files with known hashes."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    return [seen(tmp_path, "a"), seen(tmp_path, "b")]


STRANGE: dict[str, Any] = {
    "a list": [1],
    "a newer form": {"a": ["MARK", "f" * 64, "more"]},
    "a digest that is none": {"a": ["MARK", None]},
    "a digest of another sum": {"a": ["MARK", "f" * 32]},
    "an object": {"a": {"mark": "MARK", "digest": "f" * 64}},
    "a number": {"a": 7},
}


@pytest.mark.parametrize("stored", STRANGE.values(), ids=STRANGE)
def test_an_entry_of_another_version_is_hashed_anew_and_the_others_are_used(
    files: list[ListedFile], tmp_path: Path, stored: Any
) -> None:
    known = {"b": [files[1].mark, "e" * 64]}
    text = json.dumps({**known, **stored} if isinstance(stored, dict) else stored).replace("MARK", files[0].mark)
    (tmp_path / "cache.json").write_text(text)
    found = hash_files(files, tmp_path / "cache.json")
    assert found["a"] == hash_file(tmp_path / "a")
    assert found["b"] == ("e" * 64 if isinstance(stored, dict) else hash_file(tmp_path / "b"))


@pytest.mark.parametrize("text", ["{", "[" * 100_000, ""])
def test_a_damaged_cache_is_as_good_as_none(files: list[ListedFile], tmp_path: Path, text: str) -> None:
    (tmp_path / "cache.json").write_text(text)
    assert hash_files(files, tmp_path / "cache.json") == {f.relative: hash_file(f.path) for f in files}


def test_a_cache_that_cannot_be_written_stops_nothing(
    files: list[ListedFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hashing, "replace_file", full)
    assert set(hash_files(files, tmp_path / "cache.json")) == {"a", "b"}
    assert "No space left on device" in caplog.text
