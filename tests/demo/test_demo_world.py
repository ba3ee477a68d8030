"""The demo world is the same whenever and in whatever pieces it is made, and it records what it contains."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.demo.parameters import WorldError
from infra.demo.state import World, load_world
from infra.demo.world import drop_late_file, extend, main, make
from tests.demo import DAYS, END
from tests.demo.reading import broken_count, log_files, readable


def _content(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def _total(world: World, name: str) -> int:
    return sum(day[name] for day in world.counts.values())


def _key(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, default=str)


def test_two_worlds_of_the_same_parameters_are_equal_byte_for_byte(small_home: Path, tmp_path: Path) -> None:
    make(tmp_path, {"scale": 0.05}, DAYS, END)
    assert _content(tmp_path) == _content(small_home)


def test_another_seed_gives_other_logs(small_home: Path, tmp_path: Path) -> None:
    make(tmp_path, {"scale": 0.05, "seed": 8}, 1, END - timedelta(days=DAYS - 1))
    ours, theirs = _content(tmp_path), _content(small_home)
    shared = {name for name in ours.keys() & theirs.keys() if "/logs/" in name}
    assert shared
    assert all(ours[name] != theirs[name] for name in shared)


def test_extending_a_world_equals_making_it_longer(small_home: Path, tmp_path: Path) -> None:
    make(tmp_path, {"scale": 0.05}, DAYS - 8, END - timedelta(days=8))
    before = _content(tmp_path)
    extend(tmp_path, 1)
    extend(tmp_path, 7)
    after = _content(tmp_path)
    assert after == _content(small_home)
    assert all(after[name] == content for name, content in before.items() if name != "truth/world.json")


def test_making_a_world_again_touches_no_file(tmp_path: Path) -> None:
    make(tmp_path, {"scale": 0.05}, 2, END)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    make(tmp_path, {"scale": 0.05})
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_lost_file_comes_back(tmp_path: Path) -> None:
    make(tmp_path, {"scale": 0.05}, 2, END)
    whole = _content(tmp_path)
    log_files(tmp_path)[0].unlink()
    with pytest.raises(WorldError, match="incomplete; finish it"):
        extend(tmp_path)
    make(tmp_path, {})
    assert _content(tmp_path) == whole


def test_a_stopped_run_is_finished_with_its_own_first_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("infra.demo.world.write_shown", stop)
        make(tmp_path / "stopped", {"scale": 0.05}, 2, END)
    make(tmp_path / "stopped", {})
    make(tmp_path / "clean", {"scale": 0.05}, 2, END)
    assert _content(tmp_path / "stopped") == _content(tmp_path / "clean")


def test_counts_in_world_json_are_those_of_the_files(
    small_home: Path, small_world: World, small_records: list[dict[str, Any]]
) -> None:
    queries = sum("action_name" not in record for record in small_records)
    assert queries == _total(small_world, "queries")
    assert len(small_records) - queries == _total(small_world, "events")
    assert len(small_records) - len({_key(r) for r in small_records}) == _total(small_world, "duplicates")
    late = [r for p in log_files(small_home) if p.name.startswith("late-") for r in readable(p)]
    assert len(late) == _total(small_world, "late") > 0
    broken = sum(sum(day["broken"].values()) for day in small_world.counts.values())
    assert sum(broken_count(p) for p in log_files(small_home)) == broken == 5 * DAYS


def test_shares_of_dirt_are_those_of_the_parameters(small_world: World) -> None:
    records = _total(small_world, "queries") + _total(small_world, "events")
    assert _total(small_world, "duplicates") / records == pytest.approx(0.01, abs=0.003)
    assert 0 < _total(small_world, "skewed") / records < 0.02


def test_late_files_bring_hours_of_a_day_that_is_long_over(small_home: Path) -> None:
    for path in log_files(small_home):
        arrived = datetime.fromisoformat(path.parent.name + ":00+00:00")
        ages = [arrived - record["timestamp"] for record in readable(path)]
        if path.name.startswith("late-"):
            assert timedelta(days=1) < min(ages)
            assert max(ages) < timedelta(days=7)
        else:
            assert max(ages) < timedelta(hours=5)


def test_nothing_happens_at_or_after_the_end(small_records: list[dict[str, Any]]) -> None:
    end = datetime(END.year, END.month, END.day, tzinfo=UTC)
    last_hour = [r for r in small_records if r["timestamp"] >= end - timedelta(hours=1)]
    assert max(r["timestamp"] for r in small_records) < end
    assert {"action_name" in r for r in last_hour} == {True, False}


def test_all_formats_and_timestamp_forms_occur(small_home: Path) -> None:
    endings = Counter("".join(p.suffixes) for p in log_files(small_home))
    assert set(endings) == {".jsonl", ".jsonl.gz", ".ndjson", ".parquet"}
    bulk = "".join(p.read_text() for p in log_files(small_home) if p.suffix == ".ndjson")
    assert all(form in bulk for form in ('Z"', '+0000"', '"timestamp":17'))


def test_every_day_has_its_files_in_hour_folders(small_world: World) -> None:
    for day, counts in small_world.counts.items():
        hours = {Path(path).parent.name for path in counts["files"]}
        assert hours <= {f"{day}T{h:02d}" for h in (3, 7, 11, 15, 19, 23)}
        assert f"{day}T23" in hours


def test_a_dropped_late_file_touches_its_day_alone(tmp_path: Path) -> None:
    make(tmp_path, {"scale": 0.05}, 4, END)
    day = END - timedelta(days=3)
    path = drop_late_file(tmp_path, day)
    first = path.read_bytes()
    assert {r["timestamp"].date() for r in readable(path)} == {day}
    assert path.parent.name == f"{END}T00"
    assert drop_late_file(tmp_path, day).read_bytes() == first
    assert drop_late_file(tmp_path, day, batch=2) != path
    known = {r["query_id"] for p in log_files(tmp_path) if "T00" not in str(p) for r in readable(p)}
    assert not known & {r["query_id"] for r in readable(path)}


def test_a_home_with_another_world_is_refused_by_name(tmp_path: Path) -> None:
    make(tmp_path, {"scale": 0.05}, 1, END)
    with pytest.raises(WorldError, match=r"seed is 7 \(requested: 9\)"):
        make(tmp_path, {"seed": 9})
    with pytest.raises(WorldError, match=r"first_day is 2026-03-21 \(requested: 2026-03-22\)"):
        make(tmp_path, {}, 1, date(2026, 3, 23))
    with pytest.raises(WorldError, match=r"days is 1 \(requested: 2; `extend` adds days\)"):
        make(tmp_path, {}, 2)


def test_a_home_with_somebodys_logs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "landing" / "logs").mkdir(parents=True)
    (tmp_path / "landing" / "logs" / "mine.jsonl").write_text("{}\n")
    assert main(["make", "--home", str(tmp_path)]) == 2
    assert "files that are not the demo's, for example mine.jsonl" in capsys.readouterr().err


def test_only_a_world_can_be_extended(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="holds no demo world; run make run"):
        extend(tmp_path)


def test_a_world_is_not_extended_into_the_future(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    make(tmp_path, {"scale": 0.05}, 1, today - timedelta(days=1))
    with pytest.raises(WorldError, match=f"ends at {today - timedelta(days=1)} .excluded., so 2 more can be added"):
        extend(tmp_path, 3)
    assert extend(tmp_path, 2).days == 3
    with pytest.raises(WorldError, match="so no day can be added today"):
        extend(tmp_path)


def test_the_command_line_makes_and_extends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path)
    assert main(["make", "--home", home, "--days", "1", "--scale", "0.05", "--end", "2026-03-20"]) == 0
    assert main(["extend", "--home", home]) == 0
    assert "demo world: 2 days to 2026-03-21" in capsys.readouterr().out


@pytest.mark.parametrize("stored", ["{", "[]", '{"days": 1}', '{"parameters": {"seed": 1}, "days": 1, "counts": {}}'])
def test_a_record_of_another_version_is_refused_by_its_file(tmp_path: Path, stored: str) -> None:
    path = tmp_path / "truth" / "world.json"
    path.parent.mkdir()
    path.write_text(stored)
    with pytest.raises(WorldError, match=r"world\.json: this version cannot read this record of a demo world"):
        load_world(tmp_path)
