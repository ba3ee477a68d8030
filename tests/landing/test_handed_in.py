"""Judgments, items and logged features."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ranking.logs.text import normalise
from tests.landing.reading import Landing
from tidemark.settings import load_settings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GRADE = {"application": "shop", "user_query": " Red  SHOES", "object_id": "i1", "grade": 3}


def with_values(tmp_path: Path, **values: Any) -> Landing:
    home = tmp_path / "other"
    home.mkdir()
    (home / "search.yaml").write_text(json.dumps(values))
    return Landing(load_settings({"TIDEMARK_HOME": str(home)}))


def grades(landing: Landing) -> list[float]:
    return [row["grade"] for row in landing.rows("judgments")]


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


def test_a_list_on_an_unknown_scale_is_refused_whole_with_the_mapping_to_write(landing: Landing) -> None:
    ratings = [{"docId": f"i{n}", "rating": n} for n in (1, 3, 10)]
    listed = {"name": "Stars", "judgmentRatings": [{"query": "a", "ratings": ratings}, {"query": "b"}]}
    landing.put("judgments/a.json", json.dumps(listed))
    assert grades(landing) == []
    refusals = landing.refusals()
    assert sorted(refusals) == [1, 2, 3, 4]
    assert "is on an unknown scale" in refusals[1]
    assert "Stars: {1: <0-4>, 10: <0-4>, ...}" in refusals[1]


def test_single_judgments_off_the_scale_are_refused(landing: Landing) -> None:
    off = [{**GRADE, "grade": grade} for grade in (-1, 5, "high", None, True, "nan", 1e400)]
    landing.put("judgments/a.jsonl", [*(json.dumps(r) + "\n" for r in off[:6]), {**GRADE, "grade": "2.5"}])
    assert grades(landing) == [2.5]
    assert sorted(landing.refusals()) == [1, 2, 3, 4, 5, 6]


def test_qrels_are_read_with_or_without_their_iteration(tmp_path: Path) -> None:
    landing = with_values(tmp_path, grades={"web": {1: 4, 2: 3, 3: 2, 4: 1}})
    landing.put(
        "judgments/web.qrels",
        "301 0 doc-7 1\n302 doc-8  4 \n\n303 0 doc-9 -1\nwhat is this line doing here\n",
    )
    rows = landing.rows("judgments")
    assert [(r["query"], r["item_id"], r["grade"]) for r in rows] == [
        ("301", "doc-7", 4.0),
        ("302", "doc-8", 1.0),
    ]
    assert [reason.split(":")[0] for reason in landing.refusals().values()] == [
        "grade is on an unknown scale",
        "no judgment",
    ]


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


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Red\t SHOES \n", "red shoes"),
        ("Ｆｕｌｌ\u3000width", "full width"),
        ("STRASSE straße", "strasse strasse"),
        ("cafe\u0301", "café"),
        ("", ""),
    ],
)
def test_the_normal_form_of_a_query(text: str, normal: str) -> None:
    assert normalise(text) == normal
