"""Scales of human grades: a list lands as a whole or is refused as a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.landing.reading import GRADE, Landing, with_values
from tidemark.settings import load_settings


def grades(landing: Landing) -> list[float]:
    return [row["grade"] for row in landing.rows("judgments")]


def test_a_list_on_an_unknown_scale_is_refused_whole_with_the_mapping_to_write(landing: Landing) -> None:
    ratings = [{"docId": f"i{n}", "rating": n} for n in (1, 3, 10)]
    listed = {"name": "Stars", "judgmentRatings": [{"query": "a", "ratings": ratings}, {"query": "b"}]}
    landing.put("judgments/a.json", json.dumps(listed))
    assert grades(landing) == []
    refusals = landing.refusals()
    assert sorted(refusals) == [1, 2, 3, 4]
    assert "is on an unknown scale" in refusals[1]
    assert "under `grades` in search.yaml: Stars: {1: <0-4>, 3: <0-4>, 10: <0-4>}; then" in refusals[1]


def test_one_grade_off_the_scale_refuses_all_grades_of_its_list_and_of_no_other(landing: Landing) -> None:
    stars: list[dict[str, Any]] = [{"query": "tent", "docId": f"T{n}", "rating": n} for n in (1, 2, 3, 4, 5)]
    others = [{**one, "source": "other", "rating": one["rating"] - 1} for one in stars]
    landing.put("judgments/five.jsonl", [*stars, *others])
    assert [(row["item_id"], row["source"], row["grade"]) for row in landing.rows("judgments")] == [
        (f"T{n}", "other", n - 1.0) for n in (1, 2, 3, 4, 5)
    ]
    refusals = landing.refusals()
    assert sorted(refusals) == [1, 2, 3, 4, 5]
    assert len(set(refusals.values())) == 1
    assert "the list five has 5, but without a scale in `grades` it may have the grades from 0 to 4" in refusals[1]


def test_a_list_that_is_not_on_the_scale_of_its_name_is_told_to_write_one_for_its_file(tmp_path: Path) -> None:
    """Lists with the same name may have different scales, such as those that OpenSearch names ESCI Judgments."""
    rated = {"a": "1.0", "b": "0.0", "c": "0.9"}
    ratings = [{"docId": item, "rating": rating} for item, rating in rated.items()]
    listed = {"name": "House", "judgmentRatings": [{"query": "tent", "ratings": ratings}]}
    landing = with_values(tmp_path, grades={"House": {100: 4, 1: 1, 0: 0}})
    landing.put("judgments/unit list.json", json.dumps(listed))
    assert grades(landing) == []
    assert len(landing.refusals()) == 3
    assert "the scale House in `grades` has the grades 0, 1, 100; the whole list" in landing.refusals()[1]
    assert "under `grades` in search.yaml: unit list: {0: <0-4>, 0.9: <0-4>, 1: <0-4>}" in landing.refusals()[1]
    (tmp_path / "other" / "search.yaml").write_text(
        json.dumps({"grades": {"House": {100: 4, 1: 1, 0: 0}, "unit list": {"least": 0, "most": 1}}})
    )
    mapped = Landing(load_settings({"TIDEMARK_HOME": str(tmp_path / "other")}))
    assert grades(mapped) == [4.0, 0.0, 3.6]
    assert [row["raw_grade"] for row in mapped.rows("judgments")] == ["1.0", "0.0", "0.9"]


def test_a_list_of_many_grades_is_told_to_state_the_ends_of_its_scale(landing: Landing) -> None:
    landing.put("judgments/slider.jsonl", [{**GRADE, "object_id": f"i{n}", "grade": n * 3} for n in range(34)])
    assert grades(landing) == []
    assert "under `grades` in search.yaml: slider: {least: 0, most: 99} (or the real" in landing.refusals()[1]


def test_what_is_no_grade_is_refused_by_itself(landing: Landing) -> None:
    none = ("high", None, True, "nan", "1_0", "٣", "", [4], 1e400)
    landing.put(
        "judgments/a.jsonl",
        [*(json.dumps({**GRADE, "grade": each}) + "\n" for each in none), {**GRADE, "grade": " 2.5 "}],
    )
    assert grades(landing) == [2.5]
    assert sorted(landing.refusals()) == list(range(1, 10))
    assert {reason.split(":")[0] for reason in landing.refusals().values()} >= {"grade is missing", "grade is wrong"}
