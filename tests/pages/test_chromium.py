"""Where the browser of the checks is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosted import chromium

pytestmark = pytest.mark.services


def test_a_browser_that_is_named_is_taken_and_a_missing_one_is_not_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(chromium.VARIABLE, "/bin/sh")
    assert chromium.find_browser() == "/bin/sh"
    monkeypatch.setenv(chromium.VARIABLE, "no-such-program")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert chromium.find_browser() is None
