"""A refused record is corrected and delivered again, and lands once like any other."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.landing.reading import event, query
from tidemark import session
from tidemark.catalog import open_lake
from tidemark.cli.main import main
from tidemark.errors import RequestRefused
from tidemark.landing.formats.items import KEPT_TEXT
from tidemark.operate import quarantine
from tidemark.operate.quarantine import Refusal
from tidemark.settings import Settings, load_settings
from tidemark.state.effect import How

CLOCK = datetime(2026, 4, 12, 9, tzinfo=UTC)
LANDED = ("search.search_queries", "search.search_events", "search.quarantined_records")
REQUESTS = "search.search_requests"
BROKEN = json.dumps({**query(query_id="q2"), "timestamp": "yesterday"})


@pytest.fixture
def shop(home: Path, spark_remote: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home in which one file has a good, a broken and an overlong record, and another file is broken Parquet."""
    env = {"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": spark_remote}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    (home / "search.yaml").write_text("landing: {settling: 0s, longest_line: 100000}\n")
    logs = home / "landing" / "logs"
    logs.mkdir(parents=True)
    (logs / "shop.jsonl").write_text("\n".join([json.dumps(query()), BROKEN, "x" * 100_001]) + "\n")
    (logs / "shop.parquet").write_bytes(b"")
    return load_settings(env)


def run(settings: Settings, *datasets: str, later: int = 0) -> list[How]:
    context = session.open_context(settings, CLOCK + timedelta(hours=later))
    return [session.run(context, name, say=lambda _: None).plan.how for name in datasets]


def rows(settings: Settings, dataset: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        session.open_context(settings, CLOCK).lake.table(dataset).scan().to_arrow().to_pylist()
    )
    return found


@pytest.mark.spark
@pytest.mark.loop
def test_a_mended_record_lands_flows_and_is_landed_once(
    shop: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shop, *LANDED, REQUESTS)
    capsys.readouterr()

    assert main(["quarantined"]) == 0
    assert capsys.readouterr().out.split("\n")[-2].split()[:3] == ["3", "in", "all:"]

    out = tmp_path / "out"
    assert main(["quarantined", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    (file,) = (path for path in out.rglob("*") if path.is_file())
    assert file.parent == out / "logs"
    assert file.name.startswith("shop.quarantined-")
    assert file.read_text() == BROKEN + "\n"
    assert "whole file: 1; have these delivered again:\n  logs/shop.parquet\n" in said
    assert "cut at 64 KiB: 1; have these delivered again:\n  logs/shop.jsonl, place 3\n" in said
    assert f"into the folder of the same name in {shop.landing}" in said

    refused = rows(shop, "search.quarantined_records")
    file.write_text(BROKEN.replace("yesterday", "2026-04-12T07:20:00Z") + "\n")
    shutil.move(file, shop.landing / "logs" / file.name)
    run(shop, *LANDED, REQUESTS, later=1)
    assert sorted(row["query_id"] for row in rows(shop, "search.search_queries")) == ["q1", "q2"]
    assert sorted(row["query_id"] for row in rows(shop, REQUESTS)) == ["q1", "q2"]

    shutil.copy(shop.landing / "logs" / file.name, shop.landing / "logs" / "again.jsonl")
    run(shop, *LANDED, REQUESTS, later=2)
    assert len(rows(shop, "search.search_queries")) == 2
    assert len(rows(shop, REQUESTS)) == 2
    assert rows(shop, "search.quarantined_records") == refused, "what was refused stays as history"

    assert main(["quarantined", "--out", str(out)]) == 1
    assert "these records were handed in before" in capsys.readouterr().err
    assert main(["quarantined", "--since", "2026-04-12T10:00Z"]) == 0
    assert capsys.readouterr().out == "no matching record is quarantined\n"
    assert main(["quarantined", "--reason", "queried_at"]) == 0
    assert "1  queried_at is wrong" in capsys.readouterr().out


@pytest.mark.spark
@pytest.mark.loop
def test_since_chooses_by_the_landing_and_not_by_the_hour_of_the_folder(
    shop: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shop, "search.quarantined_records")
    late = shop.landing / "logs" / "2026-04-10T07" / "late.jsonl"
    late.parent.mkdir()
    late.write_text("{broken\n")
    run(shop, "search.quarantined_records", later=1)

    assert counted(capsys, "--since", "2026-04-12T10:00Z") == 1
    assert counted(capsys, "--since", "2026-04-12T09:00Z") == 4
    assert counted(capsys, "--since", "2026-04-12T10:01Z") == 0


@pytest.mark.spark
@pytest.mark.loop
def test_since_shows_what_a_session_refused_that_is_not_closed_yet(
    shop: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    context = session.open_context(shop, CLOCK)
    planned = session.init(context, "search.quarantined_records", say=lambda _: None).plan
    session.write_audit_publish(context, "search.quarantined_records", planned.session, say=lambda _: None)
    assert counted(capsys, "--since", "2026-04-12T09:00Z") == 3


def counted(capsys: pytest.CaptureFixture[str], *arguments: str) -> int:
    """Return the number of refusals that the command counts."""
    capsys.readouterr()
    assert main(["quarantined", *arguments]) == 0
    said = capsys.readouterr().out
    return 0 if said.startswith(("nothing", "no matching")) else int(said.split("\n")[-2].split()[0])


def test_nothing_is_quarantined_on_an_empty_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path))
    open_lake(load_settings())
    assert main(["quarantined"]) == 0
    assert capsys.readouterr().out == "nothing is quarantined\n"


def refusal(record: str, place: int = 1, path: str = "events/a.jsonl") -> Refusal:
    return Refusal(path, place, "not JSON: x", record)


def test_what_cannot_be_mended_is_left_out_and_named() -> None:
    good = refusal(json.dumps(event()), 7)
    given = {
        quarantine.WHOLE_FILE: refusal("PAR1", 0),
        quarantine.CUT: refusal("ü" * (KEPT_TEXT // 2), 2),
        quarantine.NO_FOLDER: refusal("x", 3, "../../etc/passwd"),
    }
    no_record = [refusal(text, 9) for text in ("", "{", "[", '{"index":{"_id":"1"}}', '{"delete":{}}', "a\nb")]
    found = quarantine.replay([good, *given.values(), *no_record, good], ["queries", "events"])
    assert found.lines == {"events/a": (good.record,)}
    assert found.duplicates == 1
    assert {why: refusals[0] for why, refusals in found.skipped.items() if why in given} == given
    assert list(found.skipped[quarantine.NO_RECORD]) == no_record


def test_each_file_s_records_keep_the_name_that_a_parser_may_read(tmp_path: Path) -> None:
    """A judgment without a source gets the file's name as source, so equal lines of two files differ in meaning."""
    paths = ["judgments/house.jsonl", "judgments/2026/web.qrels.gz", "judgments/2027/house.json"]
    found = quarantine.replay([refusal("same", path=path) for path in paths], ["judgments"])
    assert found.lines == {"judgments/house": ("same",), "judgments/web": ("same",)}
    assert found.duplicates == 1
    house, web = quarantine.write_files(found.lines, tmp_path / "out", tmp_path / "landing")
    assert [path.name.split(".")[0] for path in (house, web)] == ["house", "web"]
    assert {path.parent for path in (house, web)} == {tmp_path / "out" / "judgments"}


@pytest.mark.spark
@pytest.mark.loop
def test_grades_of_an_unknown_scale_land_once_the_mapping_is_written_as_the_reason_says(
    shop: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No line of the file needs a correction, so the delivered text is the same."""
    judgments = ("search.judgments", "search.quarantined_records")
    grades = shop.landing / "judgments" / "house.jsonl"
    grades.parent.mkdir()
    grades.write_text('{"user_query":"red shoes","object_id":"i1","grade":100}\n')
    run(shop, *judgments)
    (refused,) = (row["reason"] for row in rows(shop, judgments[1]) if row["file_path"] == "judgments/house.jsonl")
    assert "Write under `grades` in search.yaml: house: {100: <0-4>}" in refused
    assert refused.endswith("then hand the list in again with tidemark quarantined --out")

    (shop.home / "search.yaml").write_text("landing: {settling: 0s}\ngrades: {house: {100: 4}}\n")
    assert main(["quarantined", "--reason", "unknown scale", "--out", str(tmp_path / "out")]) == 0
    (file,) = (path for path in (tmp_path / "out").rglob("*") if path.is_file())
    shutil.move(file, shop.landing / file.relative_to(tmp_path / "out"))
    run(load_settings({**os.environ}), *judgments, later=1)
    assert [(row["source"], row["grade"]) for row in rows(shop, judgments[0])] == [("house", 4.0)]


def test_nothing_is_written_into_landing_nor_over_a_file(tmp_path: Path) -> None:
    landing, out = tmp_path / "landing", tmp_path / "out"
    (landing / "events").mkdir(parents=True)
    lines = {"events/x": ("a", "b"), "queries/y": ("c",)}
    link = tmp_path / "link"
    link.symlink_to(landing)
    for inside in (landing, landing / "deeper", link, out / ".." / "landing"):
        with pytest.raises(RequestRefused, match="is in the landing folder"):
            quarantine.write_files(lines, inside, landing)
    assert not [path for path in landing.rglob("*") if path.is_file()]

    events, queries = quarantine.write_files(lines, out, landing)
    assert (events.read_text(), queries.read_text()) == ("a\nb\n", "c\n")
    events.write_text("mended")
    queries.unlink()
    with pytest.raises(RequestRefused, match="exists already"):
        quarantine.write_files(lines, out, landing)
    assert events.read_text() == "mended"
    assert not queries.exists(), "all places are looked at before anything is written"


@pytest.mark.parametrize("out", ["", " ", "a\nb", "a\x00b", "a\u202eb"])
def test_s50_a_hostile_folder_is_refused(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quarantined", "--out", out]) == 1
    assert capsys.readouterr().err.startswith("RequestRefused: out: ")


def test_s50_hostile_records_are_shown_and_not_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path))
    hostile = Refusal("events/\x1b[2J.jsonl", 1, "\u202eboom\x07: x", "{}")
    open_lake(load_settings())
    monkeypatch.setattr(quarantine, "read_refusals", lambda *_, **__: [hostile])
    assert main(["quarantined"]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))
