"""Which files are landed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.landing.reading import CLOCK, QUARANTINE, Landing, query
from tidemark.errors import LandingError
from tidemark.landing.files.folders import folder_hour
from tidemark.settings import Settings


def found(landing: Landing, settings: Settings | None = None) -> list[str]:
    return [f.path for f in landing.discover("search_queries", settings)]


def test_files_of_the_folders_are_found_sorted_at_any_depth(landing: Landing) -> None:
    for path in ("logs/b.jsonl", "logs/2026-04-12T07/a.jsonl", "queries/c", "other/d.jsonl", "e.jsonl"):
        landing.put(path, path)
    assert found(landing) == ["logs/2026-04-12T07/a.jsonl", "logs/b.jsonl", "queries/c"]


def test_unfinished_and_hidden_names_are_not_looked_at(landing: Landing) -> None:
    for path in ("logs/a.jsonl.tmp", "logs/b.part", "logs/.c.jsonl", "logs/.hidden/d.jsonl", "logs/e.jsonl"):
        landing.put(path, path)
    assert found(landing) == ["logs/e.jsonl"]


def test_s26_the_same_content_under_another_name_is_the_same_file(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query()])
    landing.put("logs/again/b.jsonl", [query()])
    assert found(landing) == ["logs/a.jsonl"]


def test_a_file_is_taken_once_it_stood_still_for_the_settling_time(landing: Landing) -> None:
    values = {**landing.settings.values, "landing": {"settling": "15m"}}
    settings = replace(landing.settings, values=values)
    for name, age in (("old", timedelta(minutes=15)), ("young", timedelta(minutes=14, seconds=59))):
        stamp = (CLOCK - age).timestamp()
        os.utime(landing.put(f"logs/{name}.jsonl", name), (stamp, stamp))
    assert found(landing, settings) == ["logs/old.jsonl"]


def test_a_file_stamped_ahead_of_now_is_as_old_as_its_last_change_and_not_left_for_years(landing: Landing) -> None:
    path = landing.put("logs/a.jsonl", [query()])
    os.utime(path, (datetime(2036, 1, 1, tzinfo=UTC).timestamp(),) * 2)
    changed = int(path.stat().st_ctime)
    values = {**landing.settings.values, "landing": {"settling": "15m"}}
    later = datetime.fromtimestamp(changed, UTC) + timedelta(minutes=15, seconds=1)
    (file,) = landing.discover("search_queries", replace(landing.settings, values=values), later)
    assert file.written_at == datetime.fromtimestamp(changed, UTC)


@pytest.mark.parametrize("year", [1970, 1980])
def test_a_file_of_an_archive_that_keeps_no_times_is_as_old_as_its_last_change(landing: Landing, year: int) -> None:
    path = landing.put("logs/a.jsonl", [query()])
    os.utime(path, (datetime(year, 1, 1, tzinfo=UTC).timestamp(),) * 2)
    (file,) = landing.discover("search_queries")
    assert file.written_at == datetime.fromtimestamp(int(path.stat().st_ctime), UTC)


def test_a_content_that_two_parsers_read_is_two_for_the_quarantine(landing: Landing) -> None:
    for path in ("items/a.jsonl", "judgments/a.jsonl", "judgments/again.jsonl"):
        landing.put(path, [query()])
    paths = [file.path for file in landing.discover(QUARANTINE)]
    assert paths == ["items/a.jsonl", "judgments/a.jsonl"]


def test_a_link_out_of_the_landing_folder_is_refused_by_name(landing: Landing, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text("{}")
    landing.put("logs/a.jsonl", [query()])
    (landing.settings.landing / "logs" / "link.jsonl").symlink_to(secret)
    with pytest.raises(LandingError, match=r"link\.jsonl: the link leads out of the landing folder"):
        found(landing)


def test_a_folder_that_links_outside_is_refused(landing: Landing, tmp_path: Path) -> None:
    landing.settings.landing.mkdir(parents=True)
    (landing.settings.landing / "logs").symlink_to(tmp_path)
    with pytest.raises(LandingError, match="leads out of the landing folder"):
        found(landing)


@pytest.mark.parametrize("path", ["logs/loop", "logs"])
def test_a_link_that_leads_to_itself_is_refused_by_name(landing: Landing, path: str) -> None:
    link = landing.settings.landing / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(link)
    with pytest.raises(LandingError, match=f"^{link}: the link leads nowhere .*; replace it by the file itself"):
        found(landing)


def test_links_inside_do_no_harm(landing: Landing) -> None:
    logs = landing.put("logs/a.jsonl", [query()]).parent
    (logs / "loop").symlink_to(logs)
    (logs / "b.jsonl").symlink_to(logs / "a.jsonl")
    assert found(landing) == ["logs/a.jsonl"]


def test_a_link_to_a_folder_that_is_not_looked_into_is_refused(landing: Landing) -> None:
    aside = landing.put("aside/b.jsonl", [query()]).parent
    link = landing.put("logs/a.jsonl", [query()]).with_name("linked")
    link.symlink_to(aside)
    with pytest.raises(
        LandingError, match=r"linked: the link leads to .*aside.* replace the link by the files themselves"
    ):
        found(landing)


def test_a_pipe_is_not_waited_for(landing: Landing) -> None:
    os.mkfifo(landing.put("logs/a.jsonl", [query()]).with_name("pipe"))
    assert found(landing) == ["logs/a.jsonl"]


def test_a_name_that_is_not_text_is_refused(landing: Landing) -> None:
    folder = os.fsencode(landing.put("logs/a.jsonl", [query()]).parent)
    Path(os.fsdecode(folder + b"/\xff.jsonl")).write_bytes(b"x")
    with pytest.raises(LandingError, match="name is not UTF-8"):
        found(landing)


def test_a_rewritten_file_has_its_new_hash_though_size_and_time_were_put_back(landing: Landing) -> None:
    path = landing.put("logs/a.jsonl", "aaaa")
    before = path.stat()
    first = landing.discover("search_queries")
    path.write_bytes(b"bbbb")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = landing.discover("search_queries")
    assert [f.size for f in first] == [f.size for f in second]
    assert first[0].sha256 != second[0].sha256


def test_a_broken_cache_is_as_good_as_none(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query()])
    once = landing.discover("search_queries")
    (cache,) = (landing.settings.home / "landing-cache").iterdir()
    for broken in ("", "[]", '{"logs/a.jsonl": 3}', "\x00"):
        cache.write_text(broken)
        assert landing.discover("search_queries") == once


def test_no_folder_is_no_file(landing: Landing) -> None:
    assert found(landing) == []


@pytest.mark.parametrize(
    ("path", "hour"),
    [
        ("logs/2026-04-12T07/a.jsonl", 7),
        ("logs/2026-04-11T07/2026-04-12T06/a.jsonl", 6),
        ("logs/2026-04-12T09/a.jsonl", None),
        ("logs/2026-13-12T07/a.jsonl", None),
        ("logs/2026-04-12T7/a.jsonl", None),
        ("logs/2026-04-12T07", None),
    ],
)
def test_the_folder_states_the_hour_of_arrival_unless_it_has_not_come_yet(path: str, hour: int | None) -> None:
    expected = None if hour is None else CLOCK.replace(hour=hour, minute=0)
    assert folder_hour(path, CLOCK) == expected


def test_a_content_is_as_old_as_the_oldest_file_that_holds_it(landing: Landing) -> None:
    for path, hours in (("logs/a.jsonl", 1), ("logs/b.jsonl", 3)):
        os.utime(landing.put(path, [query()]), ((CLOCK - timedelta(hours=hours)).timestamp(),) * 2)
    (file,) = landing.discover("search_queries")
    assert (file.path, file.written_at) == ("logs/a.jsonl", CLOCK - timedelta(hours=3))
