"""UBI records as typed rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.landing.reading import CLOCK, QUARANTINE, Landing, event, query

AT = datetime(2026, 4, 12, 7, 15, 0, 250_000, tzinfo=UTC)


def test_a_query_record_lands_whole(landing: Landing) -> None:
    path = landing.put("logs/a.jsonl", [query(query_attributes={"sort": None, "device": "phone"})])
    (row,) = landing.rows("search_queries")
    assert list(row) == list(landing.spec("search_queries").columns)
    assert {k: row[k] for k in row if k not in ("record_id", "file_id")} == {
        "application": "shop",
        "file_path": "logs/a.jsonl",
        "place": 1,
        "arrived_at": CLOCK,
        "queried_at": AT,
        "query_id": "q1",
        "client_id": "c1",
        "user_query": "red shoes",
        "query_response_id": "r1",
        "query_response_hit_ids": ["i1", "i2"],
        "query_attributes": '{"device":"phone","sort":null}',
        "other_fields": None,
    }
    assert path.exists()


def test_an_event_record_lands_whole(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [event()])
    (row,) = landing.rows("search_events")
    assert {k: row[k] for k in row if k not in ("record_id", "file_id")} == {
        "application": "shop",
        "file_path": "logs/a.jsonl",
        "place": 1,
        "arrived_at": CLOCK,
        "occurred_at": datetime(2026, 4, 12, 7, 15, 30, tzinfo=UTC),
        "action_name": "click",
        "query_id": "q1",
        "client_id": "c1",
        "session_id": "s1",
        "user_query": "red shoes",
        "message": "click i2",
        "item_id": "i2",
        "position": 2,
        "event_attributes": '{"object":{"object_id":"i2"},"position":{"ordinal":2}}',
        "other_fields": None,
    }


@pytest.mark.parametrize(
    "written",
    [
        "2026-04-12T07:15:00.250Z",
        "2026-04-12T07:15:00.250+0000",
        "2026-04-12T09:15:00.250+02:00",
        "2026-04-12T07:15:00.250000999Z",
        "2026-04-12 07:15:00.250",
        round(AT.timestamp() * 1000),
        str(round(AT.timestamp() * 1000)),
        AT.timestamp() * 1000,
    ],
)
def test_all_forms_of_a_timestamp_are_the_same_instant(landing: Landing, written: Any) -> None:
    landing.put("logs/a.jsonl", [query(timestamp=written)])
    (row,) = landing.rows("search_queries")
    assert row["queried_at"] == AT


def test_digits_are_milliseconds_and_never_a_compact_date(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query(timestamp="1712011762025")])
    (row,) = landing.rows("search_queries")
    assert row["queried_at"] == datetime(2024, 4, 1, 22, 49, 22, 25_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timestamp": None}, "queried_at is missing"),
        ({"timestamp": ""}, "queried_at is missing"),
        ({"timestamp": "yesterday"}, "queried_at is wrong: 'yesterday' is not a time"),
        ({"timestamp": True}, "queried_at is wrong: True is not a time"),
        ({"timestamp": [1]}, "queried_at is wrong: [1] is not a time"),
        ({"timestamp": 1e300}, "queried_at is wrong: 1e+300 is not a time"),
        ({"timestamp": 0}, "queried_at is wrong: before 1990-01-01: "),
        ({"timestamp": 1775978100}, "queried_at is wrong: before 1990-01-01: probably a missing time, seconds"),
        ({"timestamp": "1970-01-01T00:00:00.000Z"}, "queried_at is wrong: before 1990-01-01: "),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "queried_at is wrong: "),
        (
            {"timestamp": "2099-01-01T12:00:00.000Z"},
            "queried_at is wrong: in the future: 2099-01-01T12:00:00Z",
        ),
        ({"query_id": None}, "query_id is missing"),
        ({"query_id": ""}, "query_id is missing"),
        ({"query_id": ["q"]}, "query_id is wrong: ['q'] is not a text"),
        ({"user_query": {"text": "a"}}, "user_query is wrong: "),
        ({"query_response_hit_ids": "i1,i2"}, "query_response_hit_ids is wrong: 'i1,i2' is not a list"),
        ({"query_response_hit_ids": ["i1", True]}, "query_response_hit_ids is wrong: True is not a text"),
    ],
)
def test_s27_a_query_that_cannot_be_typed_is_refused_by_column(
    landing: Landing, changes: dict[str, Any], reason: str
) -> None:
    landing.put("logs/a.jsonl", [query(**changes)])
    assert landing.rows("search_queries") == []
    ((place, said),) = landing.refusals().items()
    assert place == 1
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"action_name": None}, "action_name is missing"),
        ({"event_attributes": [1]}, "event_attributes is wrong: it is not an object"),
        ({"event_attributes": {"object": "i1"}}, "event_attributes.object is wrong: it is not an object"),
        ({"event_attributes": {"position": 3}}, "event_attributes.position is wrong: it is not an object"),
        ({"event_attributes": {"position": {"ordinal": "first"}}}, "position is wrong: 'first' is not a number"),
        ({"event_attributes": {"position": {"ordinal": 2.5}}}, "position is wrong: 2.5 is not a whole number"),
        (
            {"event_attributes": {"position": {"ordinal": 1 << 40}}},
            "position is wrong: 1099511627776 is out of range",
        ),
    ],
)
def test_an_event_that_cannot_be_typed_is_refused_by_column(
    landing: Landing, changes: dict[str, Any], reason: str
) -> None:
    landing.put("logs/a.jsonl", [event(**changes)])
    assert landing.rows("search_events") == []
    assert landing.refusals() == {1: reason}


def test_what_may_be_missing_may_be_missing(landing: Landing) -> None:
    bare = {"action_name": "search", "query_id": 17, "timestamp": "2026-04-12T07:00:00Z"}
    landing.put("logs/a.jsonl", [bare, {**bare, "event_attributes": {"session_id": "s9"}}])
    first, second = landing.rows("search_events")
    assert (first["application"], first["query_id"], first["item_id"], first["position"]) == (
        "unknown",
        "17",
        None,
        None,
    )
    assert second["session_id"] == "s9"


def test_a_little_ahead_of_the_clock_is_taken_as_the_setting_says(landing: Landing) -> None:
    ahead = CLOCK + timedelta(hours=23)
    landing.put("logs/a.jsonl", [query(timestamp=ahead.isoformat())])
    assert len(landing.rows("search_queries")) == 1


def test_arrival_is_the_folders_hour_else_the_clock_or_for_history_the_events_own_time(
    landing: Landing,
) -> None:
    landing.put("logs/2026-04-12T06/a.jsonl", [query(query_id="filed")])
    landing.put("logs/b.jsonl", [query(query_id="loose"), query(timestamp=None)])
    hour = CLOCK.replace(hour=6, minute=0)
    assert {r["query_id"]: r["arrived_at"] for r in landing.rows("search_queries")} == {
        "filed": hour,
        "loose": CLOCK,
    }
    history = landing.rows("search_queries", history=True)
    assert {r["query_id"]: r["arrived_at"] for r in history} == {"filed": hour, "loose": AT}
    assert [r["arrived_at"] for r in landing.rows(QUARANTINE, history=True)] == [CLOCK]


def test_every_record_lands_or_is_refused_once(landing: Landing) -> None:
    records = [
        query(),
        event(),
        {},
        {"timestamp": 5},
        [],
        event(timestamp="?"),
        query(query_id=None),
        event(),
    ]
    landing.put("logs/a.jsonl", [json.dumps(record) + "\n" for record in records])
    landed = len(landing.rows("search_queries")) + len(landing.rows("search_events"))
    assert landed == 3
    assert sorted(landing.refusals()) == [3, 4, 6, 7]  # An empty list contains no record.
