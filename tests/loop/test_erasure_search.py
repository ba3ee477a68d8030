"""A client of the search logs is erased: what counted them becomes what a lake holds that never had the client."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.loop.searching import FOLLOWED, START, Record, Searching, request
from tidemark.catalog import ops
from tidemark.cli import main
from tidemark.operate.erasure.check import MAIN, check
from tidemark.operate.erasure.person import read_person
from tidemark.operate.releases import write_release

pytestmark = [pytest.mark.loop, pytest.mark.spark]

COUNTS, LABELS = "ranking.query_item_counts", "ranking.relevance_labels"
AUTOMATED = "ranking.automated_clients"
TO_COUNTS = {*FOLLOWED, "search.interactions", AUTOMATED, COUNTS}
HORIZONS, PROPENSITIES = "ranking.label_horizons", "ranking.position_propensities"
TO_LABELS = {*TO_COUNTS, HORIZONS, PROPENSITIES, "ranking.query_item_features", LABELS}
COMPARED = ("search.impressions", "search.interactions", AUTOMATED, COUNTS)
FORGOTTEN, OTHER = "ada-7c1d", "bob-11aa"
REASON = "a client asked to be forgotten"
DAY = timedelta(days=1)


def visits(day: int, clients: Iterable[str]) -> list[Record]:
    """Return a day's requests of each client for the same query; each clicks one of the three items that it saw."""
    found: list[Record] = []
    for number, client in enumerate((FORGOTTEN, OTHER)):
        if client not in clients:
            continue
        for visit in range(2):
            at = START + day * DAY + timedelta(minutes=10 * number + visit)
            records = [{**record, "client_id": client} for record in request("shop", at, base=1)]
            shown = records[1 + (day + number + visit) % 3]
            found += [*records, {**shown, "action_name": "click", "timestamp": (at + timedelta(seconds=9)).isoformat()}]
    return found


def build(shop: Searching, days: Iterable[int], clients: Iterable[str], followed: set[str]) -> None:
    """Hand in the log of each day, which arrives in its evening, and run the sessions of the day after the last."""
    known = list(days)
    for day in known:
        shop.hand_in(f"{START + day * DAY:%Y-%m-%d}T23/{day}.jsonl", visits(day, list(clients)))
    shop.clock = START + (known[-1] + 1) * DAY
    shop.run(followed)


def empty(home: Path, remote: str) -> Searching:
    home.mkdir()
    return Searching(home, remote)


@pytest.fixture
def shop(home: Path, spark_remote: str, monkeypatch: pytest.MonkeyPatch) -> Searching:
    """A home with the real specs, as the command line finds it."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    monkeypatch.setenv("TIDEMARK_SPARK_REMOTE", spark_remote)
    return Searching(home, spark_remote)


def missing(shop: Searching, release: str = MAIN) -> list[str]:
    context = shop.context
    person = read_person(context.specs, [f"client_id={FORGOTTEN}"])
    return [each.dataset for each in check(context.lake, context.specs, person, release).missing]


def erase(*more: str) -> int:
    return main(["erase", f"client_id={FORGOTTEN}", *more])


def test_s62_the_daily_counts_become_those_of_a_lake_without_the_client(
    shop: Searching, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = [json.dumps({"client_id": each, "action_name": "click", "query_id": "q3"}) for each in (FORGOTTEN, OTHER)]
    shop.hand_in(f"{START:%Y-%m-%d}T23/refused.jsonl", [*refused, "no json"])
    build(shop, range(3), (FORGOTTEN, OTHER), TO_COUNTS)
    released = write_release(shop.context, COUNTS)
    assert released.written, released.why
    assert erase("--check") == 1
    counted = shop.rows(COUNTS)
    capsys.readouterr()

    assert erase("--plan-only", "--json") == 0
    planned = json.loads(capsys.readouterr().out)["erasure"]
    assert {each["dataset"]: (each["rows"], each["files"]) for each in planned["tables"]} == {
        "search.search_events": (24, 3),
        "search.search_queries": (6, 3),
        "search.quarantined_records": (1, 1),
    }
    assert set(missing(shop)) == TO_COUNTS, "nothing was erased"

    assert erase("--reason", REASON, "--json") == 0
    done = json.loads(capsys.readouterr().out)["erasure"]
    assert done["tables"] == planned["tables"]
    assert {file["path"] for file in done["left"]["files"]} == {
        *(f"logs/{START + day * DAY:%Y-%m-%d}T23/{day}.jsonl" for day in range(3)),
        f"logs/{START:%Y-%m-%d}T23/refused.jsonl",
    }
    assert {held["dataset"]: held["releases"] for held in done["left"]["held"]} == {
        "search.quarantined_records": [],
    } | {
        name: [released.release]
        for name in ("search.search_events", "search.search_queries", "search.search_requests", "search.user_actions",
                     "search.impressions", "search.interactions")
    }  # fmt: skip
    assert [row["record"] for row in shop.rows("search.quarantined_records")] == [refused[1], "no json"]

    assert erase("--check", "--release", MAIN) == 1
    assert "search.user_actions: it holds 24 rows of the person" in capsys.readouterr().out
    shop.run(TO_COUNTS)
    assert erase("--check", "--release", MAIN) == 0
    assert erase("--check") == 1, "the newest release was written before"
    assert "next: the next release" in capsys.readouterr().out
    assert write_release(shop.context, COUNTS).written
    assert erase("--check") == 0
    assert erase("--check", "--release", released.release) == 1, "an old release stays as it was"

    clean = empty(tmp_path / "clean", shop.remote)
    build(clean, range(3), [OTHER], TO_COUNTS)
    assert shop.rows(COUNTS) != counted
    for dataset in COMPARED:
        assert shop.rows(dataset) == clean.rows(dataset), dataset
    assert sum(row["impressions"] for row in shop.rows(COUNTS)) > 0


@pytest.mark.long
def test_s62_the_labels_become_those_of_a_lake_without_the_client(shop: Searching, tmp_path: Path) -> None:
    shop.configure("label_horizon: 7d\nlongest_label_horizon: 7d\n")
    build(shop, range(9), (FORGOTTEN, OTHER), TO_LABELS)
    before = shop.rows(LABELS)
    assert before
    assert LABELS in missing(shop)

    assert erase("--reason", REASON) == 0
    shop.run(TO_LABELS - {LABELS})
    assert missing(shop) == [LABELS]
    shop.run(TO_LABELS)
    assert missing(shop) == []

    clean = empty(tmp_path / "clean", shop.remote)
    clean.configure("label_horizon: 7d\nlongest_label_horizon: 7d\n")
    build(clean, range(9), [OTHER], TO_LABELS)
    assert shop.rows(LABELS) != before
    for dataset in (*COMPARED, PROPENSITIES, "ranking.query_item_features", LABELS):
        assert shop.rows(dataset) == clean.rows(dataset), dataset


def test_s62_a_failed_check_that_quotes_the_client_is_cleared_and_others_stay(
    shop: Searching, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Record] = [
        {"session": "one", "check": "a", "examples": f"client_id {FORGOTTEN} (shop)", "failing_rows": "[]"},
        {
            "session": "two",
            "check": "b",
            "examples": f"client_id {OTHER} (shop)",
            "failing_rows": "[]",
            "observed": "1",
        },
        {"session": "one", "check": "c", "examples": None, "failing_rows": json.dumps([{"values": {"x": FORGOTTEN}}])},
    ]
    ops.append(shop.context.lake, "ops.audit_results", rows)
    ops.append(shop.context.lake, "ops.alerts", [{"condition": "x", "state": "began", "what": f"rows of {FORGOTTEN}"}])
    shop.context.lake.ensure_table(shop.context.spec("search.search_queries"))

    assert erase("--reason", REASON) == 0

    said = capsys.readouterr().out
    assert "ops.audit_results: the texts of 2 rows cleared" in said
    assert "ops.alerts: the texts of 1 row cleared" in said
    found = {row["check"]: row for row in ops.rows(shop.context.lake, "ops.audit_results")}
    assert len(found) == 3
    assert [found[check]["examples"] for check in "abc"] == [None, f"client_id {OTHER} (shop)", None]
    assert found["c"]["failing_rows"] is None and found["b"]["observed"] == "1"
    assert len(shop.table("ops.audit_results").snapshots()) == 1, "no snapshot holds the texts any more"
    assert erase("--reason", REASON) == 1
    assert "nothing to erase" in capsys.readouterr().err
