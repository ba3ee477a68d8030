"""OpenSearch bulk files."""

from __future__ import annotations

from typing import Any

from tests.landing.reading import Landing, event, query


def action(index: str, key: Any, kind: str = "index") -> dict[str, Any]:
    return {kind: {"_index": index, "_id": key}}


def test_documents_land_under_their_ids_at_the_place_of_their_line(landing: Landing) -> None:
    landing.put("logs/a.ndjson", [action("ubi_queries", "a1"), query(), action("ubi_events", "b1", "create"), event()])
    (asked,) = landing.rows("search_queries")
    (done,) = landing.rows("search_events")
    assert (asked["record_id"], asked["place"]) == ("a1", 2)
    assert (done["record_id"], done["place"]) == ("b1", 4)


def test_the_index_says_which_kind_a_record_is(landing: Landing) -> None:
    nameless = {key: value for key, value in event().items() if key not in ("action_name", "event_attributes")}
    landing.put(
        "logs/a.ndjson",
        [action("my_ubi_events", "1"), nameless, action("queries", "2"), query(action_name="x")],
    )
    assert landing.rows("search_events") == []
    assert [row["record_id"] for row in landing.rows("search_queries")] == ["2"]
    assert landing.refusals() == {2: "action_name is missing"}


def test_an_id_that_comes_again_carries_its_place(landing: Landing) -> None:
    landing.put(
        "logs/a.ndjson",
        [action("q", "a1"), query(), action("q", "a1"), query(), action("q", "a1#4"), query()],
    )
    assert [row["record_id"] for row in landing.rows("search_queries")] == ["a1", "a1#4", "a1#4#6"]


def test_an_action_without_its_document_is_refused_and_the_next_is_read(landing: Landing) -> None:
    landing.put("logs/a.ndjson", [action("q", "a1"), action("q", "a2"), query(), action("q", "a3")])
    assert [row["record_id"] for row in landing.rows("search_queries")] == ["a2"]
    assert landing.refusals() == dict.fromkeys((1, 4), "bulk action without its document")


def test_a_broken_action_costs_only_the_id_of_its_document(landing: Landing) -> None:
    landing.put("logs/a.ndjson", ['{"index": {"_index": \n', query(), action("q", "a2"), query()])
    first, second = landing.rows("search_queries")
    assert (first["place"], len(first["record_id"]), second["record_id"]) == (2, 32, "a2")
    assert list(landing.refusals()) == [1]


def test_a_broken_document_takes_its_action_with_it(landing: Landing) -> None:
    landing.put("logs/a.ndjson", [action("q", "a1"), '{"query_id"\n', query()])
    (row,) = landing.rows("search_queries")
    assert (row["place"], len(row["record_id"])) == (3, 32)
    assert list(landing.refusals()) == [2]


def test_deletes_and_updates_are_refused(landing: Landing) -> None:
    landing.put("logs/a.ndjson", [action("q", "a1", "delete"), action("q", "a2", "update"), {"doc": {}}, query()])
    assert len(landing.rows("search_queries")) == 1
    assert {place: reason.split(":")[0] for place, reason in landing.refusals().items()} == {
        1: "bulk delete",
        3: "bulk update",
    }


def test_a_search_hit_is_its_source(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [{"_index": "ubi_queries", "_id": "a1", "_source": query()}])
    (row,) = landing.rows("search_queries")
    assert (row["record_id"], row["query_id"]) == ("a1", "q1")
