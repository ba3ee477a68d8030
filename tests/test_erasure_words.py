"""Who is erased and for what reason: what is refused before anything is looked at, and which texts quote a value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS
from tidemark.cli import main
from tidemark.errors import RequestRefused
from tidemark.operate.erasure.erase import check_reason_for
from tidemark.operate.erasure.person import landed_with, read_person
from tidemark.operate.erasure.quotes import quotes
from tidemark.settings import load_settings
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
