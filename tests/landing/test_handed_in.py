"""Judgments, items and logged features."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.landing.reading import GRADE, Landing, with_values

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_a_judgment_lands_under_the_normal_form_of_its_query(landing: Landing) -> None:
    landing.put("judgments/a.jsonl", [{**GRADE, "judged_at": "2026-04-01T00:00:00Z", "source": "us", "weight": 2.5}])
    (row,) = landing.rows("judgments")
    assert (row["query"], row["user_query"], row["item_id"]) == ("red shoes", " Red  SHOES", "i1")
    assert (row["grade"], row["raw_grade"], row["source"], row["weight"]) == (3.0, "3", "us", 2.5)
    assert (row["judged_at"], row["dated"]) == (datetime(2026, 4, 1, tzinfo=UTC), True)


def test_a_judgment_without_a_date_counts_as_known_since_ever_and_says_so(landing: Landing) -> None:
    landing.put("judgments/raters.2026.jsonl", [GRADE])
    (row,) = landing.rows("judgments")
    assert (row["judged_at"], row["dated"], row["source"], row["weight"]) == (EPOCH, False, "raters", 1.0)


def test_a_wrong_date_is_not_taken_for_none(landing: Landing) -> None:
    landing.put("judgments/a.jsonl", [{**GRADE, "judged_at": when} for when in ("soon", 0, "2099-01-01")])
    assert landing.rows("judgments") == []
    assert [reason.split(":")[0] for reason in landing.refusals().values()] == ["judged_at is wrong"] * 3


def test_a_judgment_list_is_read_with_the_scale_written_for_its_name(tmp_path: Path) -> None:
    landing = with_values(tmp_path, grades={"Stars": {0: 0, 10: 2, 100: 4}})
    ratings = [{"docId": f"i{n}", "rating": f"{n}.000"} for n in (100, 10, 0)]
    listed = {"name": "Stars", "type": "IMPORT", "judgmentRatings": [{"query": "A b", "ratings": ratings}]}
    landing.put("judgments/many.json", json.dumps(listed, indent=2))
    landing.put("judgments/one.json", json.dumps(listed) + "\n")
    rows = landing.rows("judgments")
    assert [(r["query"], r["item_id"], r["grade"], r["place"]) for r in rows] == [
        ("a b", "i100", 4.0, 1), ("a b", "i10", 2.0, 2), ("a b", "i0", 0.0, 3),
    ] * 2  # fmt: skip
    assert len({(r["file_id"], r["record_id"]) for r in rows}) == 6


def test_judgments_handed_in_as_features_are_named(landing: Landing) -> None:
    landing.put("feature_log/a.jsonl", [GRADE])
    assert landing.rows("feature_log") == []
    assert landing.refusals()[1] == "wrong input: a record with grade belongs to JUDGMENTS=, not to FEATURES="


def test_an_item_keeps_all_its_attributes(landing: Landing) -> None:
    item = {"object_id": 17, "title": "Shoe", "price": 9.5, "tags": ["a"], "valid_from": "2026-04-01"}
    landing.put("items/a.jsonl.gz", [item, {"object_id": "i2"}, {"title": "nameless"}])
    first, second = landing.rows("catalog_items")
    assert (first["item_id"], first["valid_from"], first["dated"]) == (
        "17",
        datetime(2026, 4, 1, tzinfo=UTC),
        True,
    )
    assert json.loads(first["attributes"]) == {"title": "Shoe", "price": 9.5, "tags": ["a"]}
    assert (second["attributes"], second["valid_from"], second["dated"]) == ("{}", EPOCH, False)
    assert landing.refusals() == {3: "item_id is missing"}


def test_what_names_no_application_is_of_each_that_the_setting_names(tmp_path: Path) -> None:
    landing = with_values(tmp_path, handed_in={"applications": ["shop", "app"]})
    landing.put("items/a.jsonl", [{"object_id": "i1"}, {"object_id": "i2", "application": "own"}])
    rows = landing.rows("catalog_items")
    assert [(r["application"], r["item_id"]) for r in rows] == [("shop", "i1"), ("app", "i1"), ("own", "i2")]
    assert len({r["record_id"] for r in rows}) == 3


def test_logged_features_are_a_map_from_name_to_number(landing: Landing) -> None:
    pair = {"user_query": "Red shoes", "object_id": "i1", "logged_at": "2026-04-01T00:00:00Z"}
    forms = [
        {"bm25": 7.5, "age": 3, "none": None},
        [{"name": "bm25", "value": 7.5}, {"name": "age", "value": "3"}],
    ]
    landing.put("feature_log/a.jsonl", [{**pair, "features": form} for form in (*forms, [1], {"a": "b"}, None)])
    rows = landing.rows("feature_log")
    assert [dict(row["features"]) for row in rows] == [{"age": 3.0, "bm25": 7.5}] * 2
    assert [reason.split(":")[0] for reason in landing.refusals().values()] == [
        "features is wrong",
        "features is wrong",
        "features is missing",
    ]


def test_items_and_features_are_taken_out_of_an_answer_of_search(landing: Landing) -> None:
    item, logged = {"object_id": "i1", "title": "Shoe"}, {**GRADE, "logged_at": "2026-04-01", "features": {"a": 1}}
    del logged["grade"]
    for path, source in (("items/a.json", item), ("feature_log/a.json", logged)):
        hits = [{"_index": "x", "_id": "7", "_source": source}]
        landing.put(path, json.dumps({"took": 1, "hits": {"total": {"value": 1}, "hits": hits}}))
    assert [(row["item_id"], row["record_id"]) for row in landing.rows("catalog_items")] == [("i1", "7")]
    assert [(row["item_id"], row["record_id"]) for row in landing.rows("feature_log")] == [("i1", "7")]
    landing.put("items/b.jsonl", [GRADE])
    assert landing.rows("catalog_items", "items/b.jsonl") == []
    assert landing.refusals("items/b.jsonl")[1].startswith("wrong input: a record with user_query is not an item")


def test_a_feature_without_a_number_costs_that_feature_only(landing: Landing) -> None:
    pair = {"user_query": "a", "object_id": "i1", "logged_at": "2026-04-01T00:00:00Z"}
    missing = {"nan": "NaN", "none": None, "inf": "-Infinity", "title.bm25": 2, "BM25_Title": 3, "bm25_title": 4}
    landing.put("feature_log/a.jsonl", [{**pair, "features": missing}])
    table = pa.table(
        {
            "user_query": ["a"],
            "object_id": ["i1"],
            "logged_at": ["2026-04-01"],
            "features": pa.array([[("b", math.nan), ("c", 1.0), ("d", -math.inf)]], pa.map_(pa.string(), pa.float64())),
        }
    )
    pq.write_table(table, landing.settings.landing / "feature_log" / "b.parquet")
    assert [dict(row["features"]) for row in landing.rows("feature_log")] == [
        {"title.bm25": 2.0, "BM25_Title": 3.0, "bm25_title": 4.0},
        {"c": 1.0},
    ]
    assert landing.refusals() == {}


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ({"bm25": 1, "bm25 ": 2}, "features is wrong: the names 'bm25' and 'bm25 ' look the same; rename one"),
        (
            {"caf\u00e9": 1, "cafe\u0301": 2},
            "features is wrong: the names 'caf\u00e9' and 'cafe\u0301' look the same",
        ),
        ({"a\u200bb": 1, "ab": 2}, "features is wrong: the names 'a\\u200bb' and 'ab' look the same"),
        ([{"name": "a", "value": 1}, {"name": "a", "value": 2}], "features is wrong: the names 'a' and 'a' look"),
        ({" ": 1}, "features is wrong: a feature has an empty name"),
        ([{"name": 7, "value": 1}], "features is wrong: 7 is not a name"),
    ],
)
def test_features_whose_names_cannot_be_told_apart_are_refused_by_name(
    landing: Landing, features: Any, reason: str
) -> None:
    pair = {"user_query": "a", "object_id": "i1", "logged_at": "2026-04-01T00:00:00Z"}
    landing.put("feature_log/a.jsonl", [{**pair, "features": features}])
    assert landing.rows("feature_log") == []
    assert landing.refusals()[1].startswith(reason)


def test_an_attribute_that_is_not_a_number_costs_no_item(landing: Landing) -> None:
    table = pa.table({"object_id": ["i1"], "price": [math.nan], "title": ["Shoe"], "sizes": [[1.0, math.inf]]})
    (landing.settings.landing / "items").mkdir(parents=True)
    pq.write_table(table, landing.settings.landing / "items" / "a.parquet")
    (item,) = landing.rows("catalog_items")
    assert json.loads(item["attributes"]) == {"title": "Shoe", "price": None, "sizes": [1.0, None]}
