"""Rankings are evaluated by the hidden grades, and the input files agree with these grades."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from infra.demo.parameters import WorldError
from infra.demo.truth import compare, load_truth, logged_order, ndcg_at_10

KEYS = ["application", "query", "item_id"]


def _pairs(grades: dict[str, int]) -> pd.DataFrame:
    return pd.DataFrame({"application": "a", "query": "q", "item_id": list(grades), "grade": grades.values()})


def test_ndcg_of_a_small_example_worked_by_hand() -> None:
    truth = _pairs({"x": 3, "y": 0, "z": 1})
    ranking = truth[KEYS].assign(score=[1.0, 2.0, 0.5])
    found = 7 / math.log2(3) + 1 / math.log2(4)
    assert ndcg_at_10(ranking, truth).item() == pytest.approx(found / (7 + 1 / math.log2(3)))


def test_pairs_without_a_score_rank_last() -> None:
    truth = _pairs({"x": 0, "y": 2})
    ranking = truth[KEYS].assign(score=1.0).head(1)
    assert ndcg_at_10(ranking, truth).item() == pytest.approx(1 / math.log2(3))


def test_queries_without_a_relevant_item_are_left_out() -> None:
    truth = _pairs({"x": 0, "y": 0})
    assert ndcg_at_10(truth[KEYS].assign(score=1.0), truth).empty


def test_only_the_first_ten_places_count() -> None:
    truth = _pairs({f"i{n:02d}": int(n == 10) for n in range(12)})
    ranking = truth[KEYS].assign(score=[-n for n in range(12)])
    assert ndcg_at_10(ranking, truth).item() == 0


def test_the_oracle_is_above_the_logged_order_in_every_group(small_home: Path) -> None:
    truth = load_truth(small_home)
    oracle = truth[KEYS].assign(score=truth["grade"].astype(float))
    marks = {m.group: m for m in compare(small_home, oracle)}
    assert set(marks) == {"warm_pairs", "warm_queries", "cold_queries"}
    for mark in marks.values():
        assert mark.ranker == pytest.approx(mark.oracle)
        assert 0.3 < mark.logged < 0.9


def test_the_logged_order_marked_as_a_ranker_scores_itself(small_home: Path) -> None:
    warm = next(m for m in compare(small_home, logged_order(small_home, 14)) if m.group == "warm_pairs")
    assert warm.ranker == pytest.approx(warm.logged)


def test_some_queries_and_items_never_meet_traffic(small_home: Path) -> None:
    truth, shown = load_truth(small_home), logged_order(small_home, 21)
    assert len(set(truth["query"]) - set(shown["query"])) >= 2
    assert len(set(truth["item_id"]) - set(shown["item_id"])) >= 5
    assert set(zip(shown["query"], shown["item_id"], strict=True)) <= set(
        zip(truth["query"], truth["item_id"], strict=True)
    )


def test_every_pair_of_the_truth_has_logged_features_and_an_item(small_home: Path) -> None:
    landing = small_home / "landing"
    logged = [
        json.loads(line)
        for path in landing.glob("feature_log/*/*.gz")
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    items = [json.loads(line) for p in landing.glob("items/*/*") for line in p.read_text().splitlines()]
    truth = load_truth(small_home)
    pairs = set(zip(truth["query"], truth["item_id"], strict=True))
    assert {(r["user_query"], r["object_id"]) for r in logged} == pairs
    assert {i for _, i in pairs} <= {r["object_id"] for r in items}


def test_logged_features_follow_the_grade(small_home: Path) -> None:
    lines = gzip.decompress(next(small_home.glob("landing/feature_log/*T00/*")).read_bytes()).splitlines()
    rows = [json.loads(line) for line in lines]
    frame = pd.DataFrame([{"query": r["user_query"], "item_id": r["object_id"], **r["features"]} for r in rows])
    graded = frame.merge(load_truth(small_home), on=["query", "item_id"])
    for name in ("bm25_title", "attribute_match", "category_match", "static_quality"):
        assert 0.05 < graded[name].corr(graded["grade"]) < 0.8


def test_nine_of_ten_human_grades_are_right(small_home: Path) -> None:
    lines = [line for p in small_home.glob("landing/judgments/*/*") for line in p.read_text().splitlines()]
    given = pd.DataFrame([json.loads(line) for line in lines])
    given = given.rename(columns={"user_query": "query", "object_id": "item_id", "grade": "given"})
    both = given.merge(load_truth(small_home), on=KEYS)
    assert len(both) == len(given) == 500
    assert (both["given"] == both["grade"]).mean() == pytest.approx(0.9, abs=0.04)
    assert (given["judged_at"] < "2026-03-22").all()


def test_truth_of_a_home_without_a_world_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="holds no demo world"):
        load_truth(tmp_path)
