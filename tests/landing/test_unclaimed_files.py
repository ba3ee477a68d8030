"""Files in the landing folder that no dataset reads are named, with the remedy."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.landing.reading import Landing
from tidemark.cli.main import main
from tidemark.landing.files.unclaimed_files import find_unclaimed_files

LOOKED_AT = ("catalog_items", "a.jsonl", "querys/2026-04-12T07/a.jsonl", "Logs/b")


def found_in(landing: Landing, most: int = 100) -> tuple[list[str], int]:
    found = find_unclaimed_files(landing.settings.landing, landing.specs.values(), most)
    return list(found.files), found.more


def test_files_in_no_folder_of_a_spec_are_found_at_any_depth(landing: Landing) -> None:
    for path in (*LOOKED_AT, "logs/c.jsonl", "queries/2026-04-12T07/d.jsonl", "items/deep/er/e.jsonl"):
        landing.put(path, "{}\n")
    assert found_in(landing) == (sorted(LOOKED_AT), 0)


def test_what_is_still_in_the_making_is_not_listed(landing: Landing) -> None:
    for path in (".DS_Store", "querys/.a", "querys/b.tmp", ".git/config", "c.part", "drop.tmp/d.jsonl"):
        landing.put(path, "{}\n")
    (landing.settings.landing / "empty").mkdir()
    assert found_in(landing) == ([], 0)


def test_a_folder_that_a_spec_names_below_another_is_looked_at(landing: Landing) -> None:
    spec = landing.spec("search_queries")
    assert spec.landing is not None
    spec = replace(spec, landing=replace(spec.landing, folders=("shop/queries",)))
    for path in ("shop/queries/a.jsonl", "shop/b.jsonl"):
        landing.put(path, "{}\n")
    assert find_unclaimed_files(landing.settings.landing, [spec]).files == ("shop/b.jsonl",)


def test_a_link_is_named_and_not_followed(landing: Landing, tmp_path: Path) -> None:
    landing.put("logs/a.jsonl", "{}\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.jsonl").write_text("{}\n")
    (landing.settings.landing / "april").symlink_to(tmp_path / "elsewhere")
    (landing.settings.landing / "loop").symlink_to(landing.settings.landing / "loop")
    assert found_in(landing) == (["april", "loop"], 0)


def test_at_most_so_many_are_named_and_the_rest_is_counted(landing: Landing) -> None:
    for number in range(7):
        landing.put(f"querys/{number}.jsonl", "{}\n")
    assert found_in(landing, most=2) == (["querys/0.jsonl", "querys/1.jsonl"], 5)
    said = find_unclaimed_files(landing.settings.landing, landing.specs.values(), 2).describe()
    assert said.startswith(
        "7 files are in folders that no dataset reads: querys/0.jsonl, querys/1.jsonl and 5 more; to land"
    )


def test_no_landing_folder_has_no_unclaimed_files(landing: Landing) -> None:
    assert found_in(landing) == ([], 0)


def test_a_hostile_name_is_shown_and_not_obeyed(landing: Landing) -> None:
    landing.put("x", "{}\n").rename(landing.settings.landing / os.fsdecode(b"\x1b[2J\xff"))
    assert find_unclaimed_files(landing.settings.landing, landing.specs.values()).describe().isprintable()


def test_doctor_warns_of_unclaimed_files(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(landing.settings.home))
    main(["doctor"])
    assert "that no dataset reads" not in capsys.readouterr().out
    landing.put("querys/a.jsonl", "{}\n")
    main(["doctor"])
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("warn"))
    assert "querys/a.jsonl; to land files, move" in line
    assert "queries" in line
