"""The audit library is imported in the background, and nothing goes on or ends while it is."""

from __future__ import annotations

import time

import pytest

from tidemark.audit import gx


def test_a_failure_beside_the_import_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process would end next, and hang, if the thread still held the locks of the modules that it imports."""
    done: list[str] = []

    def slow() -> None:
        time.sleep(0.2)
        done.append("imported")

    monkeypatch.setattr(gx, "preload", slow)
    with pytest.raises(ZeroDivisionError), gx.preloading() as start:
        start()
        _ = 1 / 0
    assert done == ["imported"]


def test_an_import_that_was_not_started_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(gx, "preload", lambda: done.append("imported"))
    with gx.preloading():
        pass
    assert done == []
