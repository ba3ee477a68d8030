"""Known content is read under other names and in other shapes, unknown content is kept, and guesses are checked."""

from __future__ import annotations

import io
import json
import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.landing.reading import Landing, event, query
from tidemark.settings import load_settings

BARE = {"timestamp": "2026-04-12T07:00:00Z", "query_id": "q1"}


def queries(landing: Landing, *records: Any) -> list[dict[str, Any]]:
    landing.put("logs/a.jsonl", records)
    return landing.rows("search_queries")


def events(landing: Landing, *records: Any) -> list[dict[str, Any]]:
    landing.put("logs/a.jsonl", records)
    return landing.rows("search_events")


def parquet(landing: Landing, columns: dict[str, Any]) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    landing.put("logs/a.parquet", out.getvalue())


@pytest.mark.parametrize("name", ["query_response_object_ids", "query_response_objects_ids"])
def test_hits_are_read_under_the_names_of_earlier_versions(landing: Landing, name: str) -> None:
    (row,) = queries(landing, {**BARE, "user_query": "tent", name: ["t1", 2]})
    assert (row["query_response_hit_ids"], row["other_fields"]) == (["t1", "2"], None)


def test_an_empty_list_under_the_new_name_does_not_hide_the_hits_under_the_old_one(landing: Landing) -> None:
    both = {"query_response_hit_ids": [], "query_response_object_ids": ["t1"]}
    assert queries(landing, query(**both))[0]["query_response_hit_ids"] == ["t1"]


def test_hits_may_be_json_text_and_a_place_without_an_id_stays_a_place(landing: Landing) -> None:
    rows = queries(landing, query(query_response_hit_ids='["t1", "t2"]'), query(query_response_hit_ids=["t1", None]))
    assert [row["query_response_hit_ids"] for row in rows] == [["t1", "t2"], ["t1", None]]


def test_fields_that_no_column_holds_are_kept(landing: Landing) -> None:
    (asked,) = queries(landing, query(doc_ids=["t1"], object_id_field="sku", nothing=None))
    (done,) = events(landing, event(page_id="/", user_id="u"))
    assert json.loads(asked["other_fields"]) == {"doc_ids": ["t1"], "object_id_field": "sku"}
    assert json.loads(done["other_fields"]) == {"page_id": "/", "user_id": "u"}


def test_clients_and_texts_are_read_under_the_names_of_before_the_first_version(landing: Landing) -> None:
    old = {**BARE, "user_id": "u1", "query": "tent", "query_response_objects_ids": ["t1"]}
    asked_of_engine = {**BARE, "query": '{"match_all":{}}', "query_response_id": "r"}
    first, second = queries(landing, old, asked_of_engine)
    assert (first["client_id"], first["user_query"]) == ("u1", "tent")
    assert second["user_query"] is None


@pytest.mark.parametrize(
    ("attributes", "item", "position"),
    [
        ({"object": {"object_id": "t1"}, "position": {"ordinal": {"index": 4}}}, "t1", 4),
        ({"data": {"data_id": 7}}, "7", None),
        ({"object": {"internal_id": "x9"}}, "x9", None),
        ({"object.object_id": "t1", "position.ordinal": 4}, "t1", 4),
        ({"object": {"object_id": 17.0}, "position": {"ordinal": "NaN"}}, "17", None),
        ({"object": {"object_id": ""}, "position": {"ordinal": None}}, None, None),
    ],
)
def test_items_and_positions_are_read_in_each_form_that_was_published(
    landing: Landing, attributes: dict[str, Any], item: str | None, position: int | None
) -> None:
    (row,) = events(landing, event(event_attributes=attributes))
    assert (row["item_id"], row["position"]) == (item, position)


def test_keys_with_dots_are_read_as_the_nested_form(landing: Landing) -> None:
    flat = {key: value for key, value in event().items() if key != "event_attributes"}
    dotted = {**flat, "event_attributes.object.object_id": "i2", "event_attributes.position.ordinal": 2}
    nested, read = events(landing, event(), dotted)
    same = ("item_id", "position", "event_attributes", "other_fields")
    assert [read[name] for name in same] == [nested[name] for name in same]
    (asked,) = queries(landing, {**BARE, "user_query": "a", "query_attributes.client.device": "tablet"})
    assert json.loads(asked["query_attributes"]) == {"client": {"device": "tablet"}}


def test_a_key_with_dots_that_contradicts_another_is_kept_beside_it(landing: Landing) -> None:
    clash = {**event(event_attributes={"object": {"object_id": "i2"}}), "event_attributes.object.object_id": "i3"}
    (row,) = events(landing, clash)
    assert row["item_id"] == "i2"
    assert json.loads(row["other_fields"]) == {"event_attributes.object.object_id": "i3"}


def test_the_time_of_a_data_stream_is_a_time(landing: Landing) -> None:
    record = {key: value for key, value in query().items() if key != "timestamp"}
    assert len(queries(landing, {**record, "@timestamp": "2026-04-12T07:00:00Z"})) == 1


@pytest.mark.parametrize(
    ("index", "of_queries"),
    [("events-berlin_ubi_queries", True), ("prevention_ubi_queries", True), ("enquery-ubi_events", False)],
)
def test_the_record_says_its_kind_and_the_last_word_of_the_index_only_hints(
    landing: Landing, index: str, of_queries: bool
) -> None:
    landing.put("logs/hint.ndjson", [{"create": {"_index": index}}, {**BARE, "user_query": "opera"}])
    landing.put("logs/said.ndjson", [{"create": {"_index": index}}, query(), {"create": {"_index": index}}, event()])
    said = [row["place"] for row in landing.rows("search_queries", "logs/said.ndjson")]
    assert said == [2]
    assert len(landing.rows("search_queries", "logs/hint.ndjson")) == int(of_queries)


WRAPPED = [
    {"events": [event(), event()], "queries": [query()]},
    {"client_id": "c7", "data": {"batch": [event(), {**BARE, "action_name": "click"}, query()]}},
    {"took": 3, "hits": {"total": 3, "hits": [{"_id": str(n), "_source": r} for n, r in enumerate([event()] * 2)]}},
    {"responses": [{"hits": {"hits": [{"_source": query()}]}}, {"hits": {"hits": [{"_source": event()}]}}]},
    {"@timestamp": "2026-04-12T07:00:00Z", "message": json.dumps(event())},
    [{"events": [event()]}, query()],
]


@pytest.mark.parametrize("value", WRAPPED)
@pytest.mark.parametrize("indent", [None, 2])
def test_records_are_read_out_of_what_is_around_them(landing: Landing, value: Any, indent: int | None) -> None:
    landing.put("logs/a.json", json.dumps(value, indent=indent))
    landed = landing.rows("search_queries") + landing.rows("search_events")
    text = json.dumps(value).replace("\\", "")
    assert len(landed) == text.count('"action_name"') + text.count('"query_response_id"')
    assert landing.refusals() == {}


def test_what_a_document_says_once_holds_for_all_its_records(landing: Landing) -> None:
    inner = {"action_name": "click", "timestamp": "2026-04-12T07:00:00Z", "client_id": "own"}
    landing.put("logs/a.json", json.dumps({"application": "shop", "query_id": "q5", "client_id": "c", "rows": [inner]}))
    (row,) = landing.rows("search_events")
    assert (row["application"], row["query_id"], row["client_id"]) == ("shop", "q5", "own")


def test_a_record_that_holds_objects_like_records_is_one_record(landing: Landing) -> None:
    (row,) = queries(landing, query(related=[query(query_id="q2")]))
    assert row["query_id"] == "q1"
    assert json.loads(row["other_fields"])["related"][0]["query_id"] == "q2"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"took": 3, "hits": {"hits": []}}, "but hits, took; this is a _search response without UBI records"),
        ({"user_query": "a", "object_id": "i1", "grade": 3}, "JUDGMENTS="),
        ({"user_query": "a", "object_id": "i1", "features": {}}, "FEATURES="),
        ({"object_id": "i1", "price": 3}, "ITEMS="),
        ({"name": "x"}, "but name; a query needs query_id"),
        ({}, "but no field"),
    ],
)
def test_what_is_no_ubi_record_is_named_with_what_it_may_be(landing: Landing, record: Any, said: str) -> None:
    landing.put("logs/a.jsonl", [record])
    (reason,) = landing.refusals().values()
    assert reason.startswith("not a UBI record: ")
    assert said in reason


@pytest.mark.parametrize("word", ["undefined", "NULL", " None ", "-", "[object Object]", " "])
def test_a_word_for_no_id_is_no_query_id(landing: Landing, word: str) -> None:
    landing.put("logs/a.jsonl", [query(query_id=word), event(query_id=word)])
    assert landing.rows("search_queries") == []
    assert [row["query_id"] for row in landing.rows("search_events")] == [None]
    assert list(landing.refusals()) == [1]
    assert landing.refusals()[1].startswith(f"query_id is wrong: {word!r} is a placeholder")


def test_an_event_needs_a_name_and_a_time_and_nothing_else(landing: Landing) -> None:
    (row,) = events(landing, {"action_name": "login", "timestamp": "2026-04-12T07:00:00Z"})
    assert (row["query_id"], row["item_id"], row["application"]) == (None, None, "unknown")


@pytest.mark.parametrize("written", [202606100800, "202606100800", 2026061008, 20260610, 1775978100, "1775978100"])
def test_a_date_written_as_a_number_is_never_an_old_instant(landing: Landing, written: Any) -> None:
    landing.put("logs/a.jsonl", [query(timestamp=written)])
    found = [row["queried_at"] for row in landing.rows("search_queries")]
    assert all(instant.year == 2026 for instant in found)
    reasons = list(landing.refusals().values())
    assert found or "before 1990-01-01: probably a missing time, seconds" in reasons[0]


def test_how_old_a_log_may_be_is_a_setting(landing: Landing) -> None:
    (landing.settings.home / "search.yaml").write_text("landing: {settling: 0m, earliest: 2026-04-13}\n")
    late = Landing(load_settings({"TIDEMARK_HOME": str(landing.settings.home)}))
    late.put("logs/a.jsonl", [query()])
    assert late.refusals()[1].startswith("queried_at is wrong: before 2026-04-13: ")


@pytest.mark.parametrize("position", ["1_0", "१", "infinity", "0x1", "1 0", "１"])
def test_a_position_is_a_number_in_plain_digits(landing: Landing, position: str) -> None:
    landing.put("logs/a.jsonl", [event(event_attributes={"position": {"ordinal": position}})])
    assert landing.refusals() == {1: f"position is wrong: {position!r} is not a number"}


def test_one_value_that_is_no_number_costs_no_record(landing: Landing) -> None:
    line = json.dumps(event(event_attributes={"object": {"object_id": "i2"}, "position": {"ordinal": float("nan")}}))
    assert "NaN" in line
    landing.put("logs/a.jsonl", [line + "\n"])
    (row,) = landing.rows("search_events")
    assert (row["item_id"], row["position"]) == ("i2", None)


def test_maps_of_a_parquet_file_are_objects(landing: Landing) -> None:
    parquet(
        landing,
        {
            **{name: pa.array([value]) for name, value in BARE.items()},
            "query_attributes": pa.array(
                [[("device", "tablet"), ("sort", "price")]], pa.map_(pa.string(), pa.string())
            ),
            "event_attributes": pa.array([None], pa.map_(pa.string(), pa.map_(pa.string(), pa.string()))),
        },
    )
    (row,) = landing.rows("search_queries")
    assert json.loads(row["query_attributes"]) == {"device": "tablet", "sort": "price"}


def test_an_item_inside_maps_of_a_parquet_file_is_found(landing: Landing) -> None:
    kind = pa.map_(pa.string(), pa.map_(pa.string(), pa.string()))
    said = [[("object", [("object_id", "i2")]), ("position", [("ordinal", "3")])]]
    bare = {name: pa.array([value]) for name, value in (BARE | {"action_name": "click"}).items()}
    parquet(landing, {**bare, "event_attributes": pa.array(said, kind)})
    (row,) = landing.rows("search_events")
    assert (row["item_id"], row["position"]) == ("i2", 3)


ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("ids", "read"),
    [
        (pa.array([Decimal(17)], pa.decimal128(20, 0)), "17"),
        (pa.array([Decimal("17.00")], pa.decimal128(20, 2)), "17"),
        (pa.array([Decimal(10**30)], pa.decimal128(38, 0)), str(10**30)),
        (pa.array([b"q-17"], pa.binary()), "q-17"),
        (pa.array([b"q-17"], pa.binary(4)), "q-17"),
        (pa.array([b"\xff\x00"], pa.binary()), "ff00"),
        (pa.array([ID.bytes], pa.uuid()), str(ID)),
        (pa.array([17.0], pa.float64()), "17"),
        (pa.array(["q-17"]).dictionary_encode(), "q-17"),
    ],
)
def test_ids_of_any_type_are_read_as_text(landing: Landing, ids: Any, read: str) -> None:
    parquet(landing, {"timestamp": ["2026-04-12T07:00:00Z"], "user_query": ["a"], "query_id": ids})
    (row,) = landing.rows("search_queries")
    assert row["query_id"] == read


def test_positions_that_a_table_library_wrote_as_nan_are_missing(landing: Landing) -> None:
    position = pa.array([{"position": {"ordinal": float("nan")}}, {"position": {"ordinal": 2.0}}])
    columns = {"timestamp": ["2026-04-12T07:00:00Z"] * 2, "action_name": ["click"] * 2, "query_id": ["q"] * 2}
    parquet(landing, {**columns, "event_attributes": position})
    assert [row["position"] for row in landing.rows("search_events")] == [None, 2]
    assert json.loads(landing.rows("search_events")[0]["event_attributes"]) == {"position": {"ordinal": None}}


def test_a_value_that_cannot_be_read_is_named_with_its_column(landing: Landing) -> None:
    beyond = pa.array([1 << 60], pa.timestamp("ms"))
    parquet(landing, {"timestamp": beyond, "user_query": ["a"], "query_id": ["q"]})
    (reason,) = landing.refusals().values()
    assert reason.startswith("unreadable value: column timestamp: ")


@pytest.mark.parametrize(
    "name", ["_SUCCESS", "_committed_17", "_started_17", "_common_metadata", "_temporary/0/a.jsonl"]
)
def test_what_spark_writes_beside_its_files_is_not_looked_at(landing: Landing, name: str) -> None:
    landing.put("logs/a.jsonl", [query()])
    landing.put(f"logs/{name}", b"")
    landing.put("logs/_logs.jsonl", [query(query_id="q2")])
    assert [file.path for file in landing.discover("search_queries")] == ["logs/_logs.jsonl", "logs/a.jsonl"]
