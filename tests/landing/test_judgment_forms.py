"""The forms of judgments: lines of text, tables, lists of other tools."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.landing.reading import Landing
from tests.landing.test_handed_in import with_values


def grades(landing: Landing) -> list[float]:
    return [row["grade"] for row in landing.rows("judgments")]


def test_qrels_are_read_with_or_without_their_iteration(tmp_path: Path) -> None:
    landing = with_values(tmp_path, grades={"web": {1: 4, 2: 3, 3: 2, 4: 1, -1: 0}})
    landing.put(
        "judgments/web.qrels",
        "301 0 doc-7 1\n302 doc-8  4 \n\n303 Q0 doc-9 -1\nwhat is this line doing here\nlight tent T2 0\n",
    )
    rows = landing.rows("judgments")
    assert [(r["query"], r["item_id"], r["grade"]) for r in rows] == [
        ("301", "doc-7", 4.0),
        ("302", "doc-8", 1.0),
        ("303", "doc-9", 0.0),
    ]
    assert [reason.split(":")[0] for reason in landing.refusals().values()] == ["not a judgment"] * 2


def test_query_item_and_grade_by_tab_keep_their_blanks(landing: Landing) -> None:
    landing.put("judgments/topics.tsv", "camping tent\tT1\t4\nlight tent\tT 2\t0\ntent\tT3\t2\nbig tent T4 1\n")
    assert [(r["query"], r["item_id"], r["grade"]) for r in landing.rows("judgments")] == [
        ("camping tent", "T1", 4.0),
        ("light tent", "T 2", 0.0),
        ("tent", "T3", 2.0),
    ]
    reason = "not a judgment: a line with 1 tab-separated fields, but it needs 3 (query, item, grade)"
    assert landing.refusals()[4].startswith(reason)


def test_qrels_by_tab_have_an_iteration(landing: Landing) -> None:
    landing.put("judgments/web.qrels", "301\t0\tdoc-7\t1\n302\tblue\tdoc-8\t1\n")
    assert [(r["query"], r["item_id"], r["grade"]) for r in landing.rows("judgments")] == [("301", "doc-7", 1.0)]
    assert list(landing.refusals()) == [2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'query,docid,rating\nred shoes,i1,3\n"shoes, red",i2,0\n'),
        ("b.csv", 'Grade;Object ID;User Query;note\r\n3;i1;red shoes;fine\r\n0;i2;"shoes, red";\r\n'),
        ("c.tsv", "\ufeffquery_text\tdoc_id\tgrade\nred shoes\ti1\t3\nshoes, red\ti2\t0\n"),
    ],
)
def test_a_table_with_a_header_is_read_by_the_names_of_its_columns(landing: Landing, name: str, text: str) -> None:
    landing.put(f"judgments/{name}", text)
    rows = landing.rows("judgments")
    assert [(r["query"], r["item_id"], r["grade"]) for r in rows] == [
        ("red shoes", "i1", 3.0),
        ("shoes, red", "i2", 0.0),
    ]
    assert landing.refusals() == {}


def test_a_table_whose_columns_are_not_known_is_refused_and_no_column_guessed(landing: Landing) -> None:
    landing.put("judgments/a.tsv", "product\tsearch\trelevance\ni1\tred shoes\t3\n")
    landing.put("judgments/b.csv", "query,docid,rating\nred shoes,big,i1,3\nred shoes\nred shoes,i2,2\n")
    assert [(r["item_id"], r["grade"]) for r in landing.rows("judgments")] == [("i2", 2.0)]
    assert "name the columns user_query, object_id and grade" in landing.refusals("judgments/a.tsv")[2]
    assert landing.refusals("judgments/b.csv") == {
        2: "not a judgment: the line has 4 columns, but the header has 3; put texts with separators in quotes",
        3: "grade is missing",
    }


@pytest.mark.parametrize("line", ["2 qid:3 1:0.5 # A1", "2 qid:3 # A1", "2\tqid:3 #\tA1\tred shoes"])
def test_features_for_ranklib_are_no_judgments(landing: Landing, line: str) -> None:
    landing.put("judgments/train.txt", f"{line}\n")
    assert grades(landing) == []
    assert landing.refusals()[1].startswith("not a judgment: a line of RankLib features")


RATED = [("red shoes", "i1", 3.0), ("red shoes", "i2", 0.0)]
BY_ITEM = {"i1": 3, "i2": 0}
BY_LIST = [{"doc_id": "i1", "rating": 3, "user_email": "x"}, {"doc_id": "i2", "rating": 0.0}]
PAIRS = [
    {"query_text": "red shoes", "doc_id": item, "position": 1, "judgements": [{"rating": rating, "unrateable": False}]}
    for item, rating in BY_ITEM.items()
]
OPENSEARCH = {
    "name": "house",
    "judgmentRatings": {"red shoes": [{"docId": i, "rating": str(r)} for i, r in BY_ITEM.items()]},
}
FLAT = [{"user_query": "red shoes", "object_id": item, "grade": grade} for item, grade in BY_ITEM.items()]


@pytest.mark.parametrize(
    "document",
    [
        {"queries": [{"query": "red shoes", "ratings": BY_ITEM}]},
        {"case_name": "Shoes", "queries": [{"query_text": "red shoes", "ratings": BY_LIST, "notes": None}]},
        {"name": "Book", "query_doc_pairs": PAIRS},
        OPENSEARCH,
        {"took": 3, "hits": {"total": {"value": 1}, "hits": [{"_index": "j", "_id": "1", "_source": OPENSEARCH}]}},
        {"took": 3, "hits": {"hits": [{"_id": str(n), "_source": one} for n, one in enumerate(FLAT)]}},
        {"judgments": FLAT},
    ],
)
def test_lists_of_other_tools_are_unwrapped(landing: Landing, document: dict[str, Any]) -> None:
    landing.put("judgments/one.json", json.dumps(document))
    landing.put("judgments/many.json", json.dumps(document, indent=1))
    rows = landing.rows("judgments")
    assert [(r["query"], r["item_id"], r["grade"]) for r in rows] == RATED * 2
    assert landing.refusals() == {}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"hits": {"hits": [{"_source": {"title": "Shoe"}}] * 2}}, "a _search response: none of its 2 hits holds"),
        ({"user_query": "a", "features": {"b": 1}}, "wrong input: a record with features belongs to"),
        ({"action_name": "click"}, "wrong input: a record with action_name belongs to LOGS="),
        ({"queries": [{"query": "red shoes"}]}, "grade is missing"),
        ({"query": "red shoes", "docId": "i1"}, "grade is missing"),
    ],
)  # fmt: skip
def test_what_is_no_judgment_is_said_to_be_what_it_is(landing: Landing, record: dict[str, Any], reason: str) -> None:
    landing.put("judgments/a.json", json.dumps(record))
    assert grades(landing) == []
    (found,) = landing.refusals().values()
    assert found.startswith(reason)


def test_what_a_table_leaves_empty_is_absent(landing: Landing) -> None:
    columns: dict[str, list[Any]] = {"user_query": ["a"], "object_id": ["i1"], "grade": [3.0], "application": ["shop"]}
    columns |= {name: [math.nan] for name in ("source", "weight", "judged_at")}
    (landing.settings.landing / "judgments").mkdir(parents=True)
    pq.write_table(pa.table(columns), landing.settings.landing / "judgments" / "house.parquet")
    (row,) = landing.rows("judgments")
    assert (row["source"], row["weight"], row["dated"], row["grade"]) == ("house", 1.0, False, 3.0)
