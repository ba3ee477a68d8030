"""The door to Spark refuses at once what would hang."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemark.connect_server import ensure_server, find_jars
from tidemark.errors import EngineError
from tidemark.settings import Settings


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
