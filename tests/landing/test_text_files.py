"""Records of text files land or are refused, and none is lost."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.landing.reading import QUARANTINE, Landing, event, query
from tidemark.landing.formats.detection import EMPTY


def ids(landing: Landing, name: str = "search_queries") -> list[str]:
    return [row["query_id"] for row in landing.rows(name)]


def test_json_lines_of_both_kinds_land_in_their_tables(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query(query_id="q1"), event(query_id="q2"), query(query_id="q3")])
    assert ids(landing) == ["q1", "q3"]
    assert ids(landing, "search_events") == ["q2"]
    assert landing.refusals() == {}


def test_every_line_end_and_a_byte_order_mark_are_read(landing: Landing) -> None:
    lines = [json.dumps(query(query_id=f"q{n}")) for n in range(3)]
    landing.put("logs/a.jsonl", "\ufeff" + "\r\n".join(lines) + "\n\n")
    assert ids(landing) == ["q0", "q1", "q2"]


def test_s29_a_broken_line_is_refused_with_its_place_and_the_others_land(landing: Landing) -> None:
    broken = json.dumps(query())[:50] + "\n"
    landing.put("logs/a.jsonl", [query(query_id="q1"), broken, '"text"\n', query(query_id="q4")])
    assert ids(landing) == ["q1", "q4"]
    (first, second) = landing.rows(QUARANTINE)
    assert (first["place"], first["file_path"], first["record"]) == (2, "logs/a.jsonl", broken.strip())
    assert first["reason"].startswith("not JSON: ")
    assert (second["place"], second["reason"]) == (3, "not an object: a record is a JSON object")


def test_gzip_is_read_like_the_file_in_it(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query()])
    landing.put("logs/b.jsonl.gz", [query()])
    plain, packed = landing.rows("search_queries")
    assert plain["file_id"] != packed["file_id"]
    assert {**plain, "file_id": "", "file_path": ""} == {**packed, "file_id": "", "file_path": ""}


def test_s29_of_a_truncated_gzip_the_whole_lines_land_and_the_rest_is_refused(landing: Landing) -> None:
    whole = gzip.compress("".join(json.dumps(query(query_id=f"q{n}")) + "\n" for n in range(2000)).encode())
    landing.put("logs/a.jsonl", whole[: len(whole) * 2 // 3])
    landed = ids(landing)
    refused = landing.refusals()
    assert landed == [f"q{n}" for n in range(len(landed))]
    assert len(landed) > 100
    assert list(refused) == [len(landed) + 1]
    assert refused[len(landed) + 1].startswith("broken gzip: ")


def test_s29_a_line_of_many_megabytes_is_passed_over(landing: Landing) -> None:
    monster = '{"query_id": "' + "x" * 5_000_000 + '"}\n'
    landing.put("logs/a.jsonl", [query(query_id="q1"), monster, query(query_id="q3")])
    assert ids(landing) == ["q1", "q3"]
    (refused,) = landing.rows(QUARANTINE)
    assert (refused["place"], len(refused["record"])) == (2, 64 * 1024)
    assert refused["reason"] == "line too long: more than 100000 bytes (landing.longest_line)"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[" * 90_000, "nested too deep: "),
        (b'{"a":' * 15_000 + b"1" + b"}" * 15_000, "nested too deep: "),
        (b'{"query_id": Infinity}', "not JSON: Infinity is not a JSON number"),
        (b'{"query_id": ' + b"9" * 5000 + b"}", "not JSON: "),
        (b'{"query_id": "\xff"}', "not UTF-8: at byte 15"),
        (b'{"query_id": "\\ud800"}', "not Unicode: half of a surrogate pair"),
        (b"\x00\x00\x00", "not JSON: "),
        (b'{"query_id": "a"} trailing', "not JSON: "),
    ],
)
def test_no_content_of_a_line_stops_the_file(landing: Landing, line: bytes, reason: str) -> None:
    good = json.dumps(query(query_id="good")).encode()
    landing.put("logs/a.jsonl", good + b"\n" + line + b"\n" + good)
    assert ids(landing) == ["good", "good"]
    (refused,) = landing.refusals().items()
    assert refused[0] == 2
    assert refused[1].startswith(reason)


def test_of_a_key_that_comes_twice_the_last_counts(landing: Landing) -> None:
    landing.put("logs/a.jsonl", json.dumps(query())[:-1] + ', "query_id": "last"}')
    assert ids(landing) == ["last"]


def test_equal_lines_of_a_file_are_told_apart_and_keep_their_ids_in_another_file(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query(), query()])
    landing.put("logs/b.jsonl", [query(), query(), query(query_id="q9")])
    first = [row["record_id"] for row in landing.rows("search_queries", "logs/a.jsonl")]
    second = [row["record_id"] for row in landing.rows("search_queries", "logs/b.jsonl")]
    assert len(set(first)) == 2
    assert second[:2] == first


def test_the_order_of_keys_does_not_change_the_id_of_a_record(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query()])
    landing.put("logs/b.jsonl", [dict(reversed(query().items()))])
    first, second = (row["record_id"] for row in landing.rows("search_queries"))
    assert first == second


@pytest.mark.parametrize(("name", "start"), [("a.jsonl", b"\x28\xb5\x2f\xfd..."), ("b.csv", b"query_id,user_query\n")])
def test_s29_what_is_no_known_format_is_refused_whole(landing: Landing, name: str, start: bytes) -> None:
    landing.put(f"logs/{name}", start)
    ((place, reason),) = landing.refusals().items()
    assert place == 0
    assert reason.startswith("unknown format: ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b""),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0)),
        ("a.jsonl", b"\n \n"),
        ("a.json", b"[]"),
        ("a.json", b"[\n]"),
    ],
)
def test_s29_a_file_without_a_record_is_named(landing: Landing, name: str, content: bytes) -> None:
    """The hour may have had no traffic, or the file may have been truncated before its delivery."""
    landing.put(f"logs/{name.removesuffix('.gz')}", content)
    assert ids(landing) == []
    assert list(landing.refusals().values()) == [EMPTY]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.tsv.gz"])
def test_a_wrong_ending_does_not_refuse_what_is_json(landing: Landing, name: str) -> None:
    landing.put(f"logs/{name}", ["\ufeff\n", query(query_id="q1")])
    assert ids(landing) == ["q1"]
    assert landing.refusals() == {}


def test_a_document_over_many_lines_holds_its_records(landing: Landing) -> None:
    landing.put("logs/a.json", json.dumps([query(query_id="q1"), 7, query(query_id="q3")], indent=2))
    assert ids(landing) == ["q1", "q3"]
    assert landing.refusals() == {2: "not an object: a record is a JSON object"}


def test_a_broken_document_is_refused_whole(landing: Landing) -> None:
    landing.put("logs/a.json", json.dumps([query()], indent=2)[:-9])
    ((place, reason),) = landing.refusals().items()
    assert (place, reason[:9]) == (0, "not JSON:")


def test_a_broken_first_line_does_not_make_a_document_of_json_lines(landing: Landing) -> None:
    landing.put("logs/a.jsonl", ['{"query_id": \n', query(query_id="q2")])
    assert ids(landing) == ["q2"]
    assert list(landing.refusals()) == [1]


def test_records_get_their_places_though_a_line_holds_several(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [[query(query_id="q1"), query(query_id="q2")], query(query_id="q3"), "x\n"])
    assert [row["place"] for row in landing.rows("search_queries")] == [1, 2, 3]
    assert list(landing.refusals()) == [4]
