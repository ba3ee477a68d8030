"""Who is erased and for what reason: what is refused before anything is looked at, and which texts quote a value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS
from tidemark.cli import main
from tidemark.errors import RequestRefused
from tidemark.operate.erasure.account import Erasure, Held, LandedFile, Left, TableRows, Texts
from tidemark.operate.erasure.check import Check, Missing
from tidemark.operate.erasure.erase import check_reason_for
from tidemark.operate.erasure.person import landed_with, read_person
from tidemark.operate.erasure.quotes import quotes
from tidemark.operate.erasure.text import check_lines, erasure_lines
from tidemark.settings import Settings, load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, DatasetSpec]:
    """The real specs by their full names."""
    settings = load_settings({"TIDEMARK_HOME": str(tmp_path_factory.mktemp("home"))})
    return load_specs(settings.schemas, settings.values)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["client_id"], r"^'client_id': write it as column=value"),
        (["client_id= "], "write it as column=value"),
        (["client_id=a", "client_id=b"], "given twice; erase one person at a time"),
        (["cliend_id=a"], "no table has this column; did you mean client_id"),
        (["known_day=2026-04-01"], r"only derived tables have this column \(ranking\.automated_clients"),
        (["place=first"], "place: 'first' is not of type long; write a whole number"),
        (["client_id=a", "judged_at=2026-04-01"], "no landed table has all of the columns client_id, judged_at"),
    ],
)
def test_a_person_that_no_landed_table_can_hold_is_refused(
    specs: Mapping[str, DatasetSpec], texts: list[str], message: str
) -> None:
    with pytest.raises(RequestRefused, match=message):
        read_person(specs, texts)


def test_a_person_is_looked_for_in_all_landed_tables_with_the_columns(specs: Mapping[str, DatasetSpec]) -> None:
    def landed(*texts: str) -> list[str]:
        return [spec.name for spec in landed_with(specs, read_person(specs, texts))]

    assert landed("client_id=c7") == landed("client_id=c7", "application=shop") == ["search_events", "search_queries"]
    assert landed("session_id=s1") == ["search_events"]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("", "write 1 to 500 printable characters"),
        ("forget", "write at least 3 words"),
        ("the client c7-ada asked for it", "it stays on record, so it must not name the person"),
    ],
)
def test_a_reason_that_says_too_little_or_names_the_person_is_refused(
    specs: Mapping[str, DatasetSpec], reason: str, message: str
) -> None:
    person = read_person(specs, ["client_id=c7-ada"])
    with pytest.raises(RequestRefused, match=message):
        check_reason_for(reason, person)
    check_reason_for("ticket 4711, erasure request", person)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "reason: missing"),
        (["--check", "--plan-only"], "give one of --check and --plan-only"),
        (["--plan-only", "--release", "main"], "only a check looks at a release"),
        (["--reason", "a client asked for it"], "there is no lake here"),
        (["--check"], "there is no lake here"),
    ],
)
def test_options_that_do_not_belong_together_are_refused(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path))
    monkeypatch.setenv("TIDEMARK_SCHEMAS", str(SCHEMAS))

    assert main(["erase", "account_id=a", *options]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("client_id c7 (shop)", "c7", True),
        ('{"client_id": "c7"}', "c7", True),
        ("c77 abc7 c7_1", "c7", False),
        (r'{"text": "seen\nc7"}', "c7", True),
        (r'{"name": "Zo\u00eb"}', "Zoë", True),
        (r'{"name": "a\"b"}', 'a"b', True),
        ("a\\x1bb", "a\x1bb", True),
        ("x" * 79 + "…", "x" * 100, True),
        ("x" * 79, "x" * 78, False),
        ("C7", "c7", False),
        ("1 or 1=1", ".*", False),
    ],
)
def test_texts_quote_a_value_as_a_word_as_json_writes_it_and_cut(text: str, value: str, found: bool) -> None:
    assert quotes(text, value) is found


def test_all_values_have_to_be_quoted_or_stand_beside_the_text(specs: Mapping[str, DatasetSpec]) -> None:
    person = read_person(specs, ["client_id=c7", "application=shop"])
    assert person.is_quoted(['{"client_id": "c7", "application": "shop"}'])
    assert person.is_quoted(["c7", None, "shop"])
    assert person.is_quoted(["c7"], {"application": "shop"})
    assert person.is_quoted(["c7 of shop"], {"application": "unknown"}), "the text names it though it was not read"
    assert not person.is_quoted(["c7"], {"application": "other"})
    assert not person.is_quoted([])


def test_a_short_value_is_found_in_its_column_and_as_a_text_of_its_own_but_in_no_number_or_sentence(
    specs: Mapping[str, DatasetSpec],
) -> None:
    person = read_person(specs, ["client_id=7"])
    assert person.is_quoted(['{"client_id": 7}']) and person.is_quoted(['{"other": ["x", "7"]}'])
    others = ['{"client_id": "bob", "ordinal": 7, "text": "the 7 dwarfs"}', "ordinal is wrong: 7", "logs/7.jsonl"]
    assert not person.is_quoted(others)
    assert person.is_quoted(["no JSON of 7"]), "a record that cannot be read is searched as a text"


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (r'{"client_id": "a\/b+c"}', "a/b+c"),
        (r'{"client_id": "a\u002Fb\u002Bc"}', "a/b+c"),
        (r'{"inner": "{\"client_id\": \"ada-1\"}"}', "ada-1"),
        (r'{"ada-1": 3}', "ada-1"),
        (r'cut off {"client_id": "a\/b+c"', "a/b+c"),
    ],
)
def test_it_does_not_matter_how_json_writes_a_value(specs: Mapping[str, DatasetSpec], record: str, value: str) -> None:
    assert read_person(specs, [f"client_id={value}"]).is_quoted([record])
    assert not read_person(specs, ["client_id=else-2"]).is_quoted([record])


NOON = datetime(2026, 4, 12, 12, tzinfo=UTC)
LEFT = Left(
    files=(LandedFile("logs/a\x1b.jsonl", "5e9d"), LandedFile("", "77aa")),
    unnamed=("accounts.signups_feed",),
    held=(Held("search.search_events", 2, NOON, ("release_1",)), Held("search.impressions", 1, NOON, ())),
    waiting=("search.impressions",),
    versions=("ranking.rankers",),
)


def test_what_was_erased_and_what_was_not_is_said_with_names(tmp_path: Path) -> None:
    rows = (TableRows("search.search_events", 1200, 3), TableRows("search.quarantined_records", 1, 1, quoted=True))
    found = Erasure(True, rows, (Texts("ops.alerts", 1),), ("search.search_queries",), LEFT)

    lines = erasure_lines(found, Settings(home=tmp_path, schemas=SCHEMAS))

    assert lines == [
        "search.search_queries: an earlier erasure had ended before its watermark followed; it has followed now",
        "search.search_events: 1,200 rows in 3 files erased",
        "search.quarantined_records: 1 refused record in 1 file erased",
        "ops.alerts: the texts of 1 row cleared",
        "not erased by this command:",
        f"  2 files in {tmp_path}/landing, which hold these records:",
        "    logs/a\\x1b.jsonl  sha256 5e9d",
        "    a file whose path is not on record  sha256 77aa",
        f"  files in {tmp_path}/landing that landed in accounts.signups_feed: its rows do not name them",
        "  search.search_events: 2 snapshots still hold such rows, the latest of 2026-04-12T12:00Z, of release_1",
        "  search.impressions: 1 snapshot still holds such rows, the latest of 2026-04-12T12:00Z",
        "    maintain_tables expires them 7d after the erasure, once their readers are past it; those of a release 90d "
        "after the release; those of the newest release and the last 3 models stay",
        "  search.impressions: main still holds such rows, until its next session",
        "  ranking.rankers: the versions of earlier sessions stay as they are",
        f"  pages in {tmp_path}/reports, and files that people exported, as far as they quote such records",
        f"  logs of tasks and services in {tmp_path}, and alerts that were sent, as far as they quote them",
        "next: the sessions of the derived tables take it in; tidemark erase --check says when all have",
    ]


def test_a_check_names_each_table_and_what_is_missing() -> None:
    tables = {"search.impressions": 1, "search.search_events": 2}
    missing = Missing("search.impressions", "it holds 1 row of the person", "the next session of search.impressions")

    assert check_lines(Check("release_1", tables, (missing,))) == [
        "release_1: not proven yet",
        "  search.impressions: it holds 1 row of the person",
        "    next: the next session of search.impressions",
    ]
    assert check_lines(Check("main", tables, ())) == ["main: none of 2 tables counts the person"]
