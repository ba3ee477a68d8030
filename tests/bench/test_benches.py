"""Each bench at its smallest: it runs, measures what it names, and says how to repeat it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.__main__ import BENCHES, main, run_bench
from bench.command import WrongArguments, read_command, written
from bench.figures import Figures
from bench.lake import Place
from bench.lookback import nights
from bench.search_logs import RECORDS, write_logs

KNOWN = {name: module.Sizes() for name, module in BENCHES.items()}


def test_no_name_means_all_benches_with_their_own_sizes() -> None:
    assert read_command([], KNOWN) == KNOWN


def test_sizes_belong_to_the_bench_before_them() -> None:
    chosen = read_command(["wap", "rows=1_000,2000", "idle", "repeats=2"], KNOWN)
    assert list(chosen) == ["wap", "idle"]
    assert chosen["wap"].rows == (1000, 2000)
    assert chosen["wap"].repeats == KNOWN["wap"].repeats
    assert chosen["idle"].repeats == 2


@pytest.mark.parametrize("name", KNOWN)
def test_the_printed_command_gives_the_same_sizes(name: str) -> None:
    assert read_command([name, *written(KNOWN[name]).split()], KNOWN) == {name: KNOWN[name]}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["speed"], "no bench has the name 'speed'; the benches are idle"),
        (["rows=3"], "name the bench before its sizes"),
        (["idle", "cows=3"], "idle has no size 'cows'; its sizes are history, repeats, rows"),
        (["idle", "rows=many"], "needs integers"),
        (["idle", "rows=1,2"], "rows is one number"),
        (["idle", "repeats=0"], "is too small"),
        (["wap", "rows=1,-2"], "is too small"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(arguments: list[str], says: str) -> None:
    with pytest.raises(WrongArguments, match=says):
        read_command(arguments, KNOWN)


def test_wrong_arguments_end_the_command_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    assert capsys.readouterr().err.startswith("bench: no bench has the name 'speed'")


def test_figures_show_medians_and_ratios_to_a_named_line() -> None:
    figures = Figures("title", "command")
    figures.add("base", [3.0, 1.0, 2.0])
    figures.add("other", [5.0], beside="base", goal="less")
    shown = str(figures).splitlines()
    assert shown[0] == "title"
    assert shown[2].split() == ["base", "2.00"]
    assert shown[3].split() == ["other", "5.00", "2.50", "x", "base", "less"]
    assert shown[-1].startswith("  again: command")


@pytest.fixture
def place(tmp_path: Path, spark_remote: str) -> Place:
    return Place(tmp_path, spark_remote)


def measure(place: Place, name: str, *sizes: str) -> Figures:
    """A bench as the command line runs it; every line holds a time."""
    figures = run_bench(place, name, read_command([name, *sizes], KNOWN)[name])
    assert all(row.seconds > 0 for row in figures.rows)
    return figures


@pytest.mark.loop
def test_idle_sessions_load_no_engine_and_no_audit_library(place: Place) -> None:
    figures = measure(place, "idle", "rows=20", "history=2", "repeats=1")
    named = {row.what.split()[0] for row in figures.rows}
    assert {"bench.events", "bench.shown", "bench.days", "bench.weeks", "bench.totals"} <= named
    assert figures.notes[0].startswith("not loaded there: py4j, pyspark, great_expectations")


@pytest.mark.loop
def test_a_full_session_is_split_into_its_five_steps(place: Place) -> None:
    figures = measure(place, "fixed", "rows=20", "repeats=1", "processes=0")
    steps = [row.what.strip() for row in figures.rows if row.what.startswith("  append")]
    assert steps == [f"append: {step}" for step in ("init", "write", "audit", "publish", "commit")]


@pytest.mark.loop
def test_sessions_and_bare_appends_write_the_same_rows(place: Place) -> None:
    figures = measure(place, "wap", "rows=100", "repeats=1", "partitioned=0")
    assert [row.ratio for row in figures.rows if row.what.endswith(": session")] == [
        f"{figures.seconds(SESSION) / figures.seconds(BARE):.2f} x {BARE}"
    ]
    lake = place.lake("wap-100")
    tables = [f"bench.{name}" for _, name in lake.context.lake.catalog.list_tables("bench") if "flat" in name]
    counts = {lake.context.lake.table(name).scan().count() for name in tables}
    assert len(tables) == 4
    assert counts == {100}


BARE, SESSION = (f"100 rows not partitioned: {what}" for what in ("bare append", "session"))


@pytest.mark.loop
def test_planning_sees_each_snapshot(place: Place) -> None:
    figures = measure(place, "init", "snapshots=2,4", "repeats=1")
    assert [row.what for row in figures.rows if row.what.startswith("bench.days")] == [
        "bench.days, 2 snapshots",
        "bench.days, 4 snapshots",
    ]


@pytest.mark.loop
def test_a_new_day_is_set_beside_a_full_rebuild(place: Place) -> None:
    figures = measure(place, "incremental", "days=2", "rows_a_day=50", "repeats=1")
    assert [row.what for row in figures.rows] == ["one new day on 2 days", "all of 2 days"]
    assert place.lake("incremental-2").rows_of("bench.weeks") > 0


@pytest.mark.loop
@pytest.mark.long
def test_known_answer_two_weeks_of_lookback_write_ten_times_what_sessions_write(place: Place) -> None:
    ours, theirs = nights(place, replace(KNOWN["lookback"], rows_a_day=240, nights=1))
    written, rewritten = (sum(cost.rows for cost in way) for way in (ours, theirs))
    assert 0 < written <= rewritten / 10


@pytest.mark.loop
def test_many_sessions_are_maintained_and_weighed(place: Place) -> None:
    figures = measure(place, "housekeeping", "sessions=4", "a_night=4", "window=2")
    assert [row.what for row in figures.rows] == [
        "sessions 1 to 2",
        "sessions 3 to 4",
        "maintenance of all tables, the last night",
    ]
    assert figures.notes[-1].startswith("after 4 sessions: ")


@pytest.mark.loop
@pytest.mark.long
@pytest.mark.usefixtures("quick_servers")
def test_history_that_is_handed_in_at_once_makes_a_file_for_each_day(place: Place) -> None:
    figures = measure(place, "history", "hours=72", "requests=2", "files=2")
    assert [row.what for row in figures.rows][-2:] == ["search.interactions", "all sessions"]
    rows, files, memory = figures.notes
    assert rows == "432 records over 72 hours in 2 files"
    tables = ("search_queries", "search_events", "search_requests", "user_actions", "impressions", "interactions")
    assert files == "files of the tables: " + ", ".join(f"{table} 3" for table in tables)
    assert memory.startswith("peak memory of Spark's server: ")


@pytest.mark.loop
@pytest.mark.long
def test_a_night_of_ranking_tables_gives_what_a_rebuild_gives(place: Place) -> None:
    figures = measure(place, "ranking", "days=3", "rows=300", "nights=1")
    assert [row.what for row in figures.rows][-2:] == ["a rebuild of all tables", "one more day"]
    assert "1,200 interactions" in figures.notes[0]


def test_logs_of_a_bench_are_the_same_in_every_run(tmp_path: Path) -> None:
    written = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_logs(tmp_path / name, hours=5, requests=2, files=2)
        written.append([gzip.decompress(file.read_bytes()) for file in sorted((tmp_path / name).iterdir())])
    assert written[0] == written[1]
    assert [text.count(b"\n") for text in written[0]] == [4 * RECORDS, 6 * RECORDS]
    assert {tuple(json.loads(line)) for line in written[0][0].splitlines()} == {
        (
            "application",
            "query_id",
            "client_id",
            "timestamp",
            "user_query",
            "query_response_hit_ids",
            "query_attributes",
        ),
        ("application", "query_id", "client_id", "timestamp", "action_name", "event_attributes"),
    }
