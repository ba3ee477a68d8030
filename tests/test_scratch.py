"""A transform may keep files in a folder of its own while its session writes, and nothing stays behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tidemark.settings import Settings, load_settings
from tidemark.steps.scratch import LEFT_BEHIND, scratch_folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"TIDEMARK_HOME": str(tmp_path / "home")})


def test_the_folder_lies_beside_the_warehouse_and_is_made_by_who_needs_it(settings: Settings) -> None:
    with scratch_folder(settings, "20260412-7f3a", "a1") as folder:
        assert not folder.exists()
        assert folder.parent.parent == settings.warehouse.parent
    assert not settings.lake.exists(), "a transform without files of its own leaves no trace"


def test_it_is_removed_with_all_that_it_holds_also_after_an_error(settings: Settings) -> None:
    with pytest.raises(KeyError), scratch_folder(settings, "s", "a") as folder:
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "rows.parquet").write_text("rows")
        raise KeyError
    assert not folder.exists()


def test_what_a_killed_process_left_is_removed_by_the_next_session(settings: Settings) -> None:
    old, young = (settings.lake / "scratch" / name for name in ("old-a", "young-a"))
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "rows.parquet").write_text("rows")
    then = time.time() - LEFT_BEHIND.total_seconds() - 60
    os.utime(old, (then, then))
    with scratch_folder(settings, "s", "a"):
        assert not old.exists()
        assert young.exists()
