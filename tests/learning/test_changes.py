"""How alike two orders are, by the definition of rank-biased overlap, and what a new ranker changes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.training import changes, overlap
from ranking.training.examination import Examination
from ranking.training.findings import of_run
from ranking.training.matrices import Whole
from tests.learning import made


def by_definition(one: list[int], other: list[int]) -> float:
    """Return RBO_EXT as the paper writes it, for two orders of the same items."""
    depth = min(len(one), overlap.DEPTH)
    p = overlap.PERSISTENCE
    common = [len(set(one[:d]) & set(other[:d])) for d in range(1, depth + 1)]
    summed = sum(x / d * p**d for d, x in enumerate(common, 1))
    return common[-1] / depth * p**depth + (1 - p) / p * summed


def places(order: list[int]) -> Whole:
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.arange(1, len(order) + 1)
    return found


@given(st.lists(st.integers(1, 25), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_rank_biased_overlap_is_that_of_the_paper(sizes: list[int], random: object) -> None:
    orders = [(made_order(size, random), made_order(size, random)) for size in sizes]
    one, other = (np.concatenate([places(pair[side]) for pair in orders]) for side in (0, 1))
    group = np.repeat(np.arange(len(sizes)), sizes)
    found = overlap.rank_biased(one, other, group)
    assert found == pytest.approx([by_definition(*pair) for pair in orders])
    tops = [len(set(a[:10]) & set(b[:10])) / min(10, len(a)) for a, b in orders]
    assert overlap.top_in_common(one, other, group) == pytest.approx(tops)


def made_order(size: int, random: object) -> list[int]:
    order = list(range(size))
    random.shuffle(order)  # type: ignore[attr-defined]
    return order


def test_equal_orders_overlap_fully_and_swaps_at_the_top_count_more_than_below() -> None:
    group, straight = np.zeros(10, dtype=np.int64), np.arange(1, 11)
    top, bottom = straight.copy(), straight.copy()
    top[[0, 1]], bottom[[8, 9]] = [2, 1], [10, 9]
    assert overlap.rank_biased(straight, straight, group)[0] == pytest.approx(1.0)
    assert overlap.rank_biased(straight, top, group)[0] == pytest.approx(0.9), "the first of ten depths has weight .1"
    assert overlap.rank_biased(straight, top, group)[0] < overlap.rank_biased(straight, bottom, group)[0]


def test_the_first_ten_places_have_86_percent_of_the_weight_as_in_the_paper() -> None:
    """By its equation 21."""
    p = overlap.PERSISTENCE
    first = 1 - p**9 + 10 * (1 - p) / p * (np.log(1 / (1 - p)) - (p ** np.arange(1, 10) / np.arange(1, 10)).sum())
    assert first == pytest.approx(0.8556, abs=1e-4)


def test_places_follow_the_scores_within_each_list() -> None:
    found = overlap.ranks(np.array([0.1, 0.9, 0.5, 7.0, 8.0]), np.array([4, 4, 4, 9, 9]))
    assert found.tolist() == [3, 1, 2, 2, 1]


def test_a_query_wins_or_loses_once_for_all_its_lists() -> None:
    gained = np.array([0.2, -0.1, -0.3, 0.0, np.nan, 1e-12])
    found = changes.wins_and_losses(gained, np.array([0, 0, 1, 2, 3, 4]))
    assert found == {"better": 1, "worse": 1, "equal": 2}


def test_churn_is_the_mean_over_lists_and_over_traffic() -> None:
    rows = made.examples(queries=2, items=20)
    looked = replace(rows, examination=np.where(rows.group == 0, 9.0, 1.0))
    straight = -np.tile(np.arange(20.0), 2)
    turned = np.where(rows.group == 0, straight, -straight)
    found = changes.churn(looked, straight, turned)
    assert (found["lists"], found["top_in_common"], found["top_in_common_by_traffic"]) == (2, 0.5, 0.9)
    assert found["rank_biased"] == 0.5


def test_the_most_changed_lists_come_first_with_the_items_of_both_top_tens() -> None:
    rows = made.examples(queries=30, items=14)
    straight = -np.tile(np.arange(14.0), 30)
    moved = np.where(rows.group < 12, np.roll(straight.reshape(30, 14), 2, axis=1).ravel(), straight)
    moved[:14] = straight[:14][::-1]
    looked = replace(rows, examination=np.where(rows.group == 7, 80.0, 10.0))
    human = np.where(np.arange(len(rows)) == 3, 2.5, np.nan)
    found = changes.most_changed(looked, straight, moved, np.full(30, np.nan), human)
    assert [each["query"] for each in found[:2]] == ["query 0", "query 7"], "the least alike, then the most examined"
    assert len(found) == changes.MOST_CHANGED
    first = found[0]
    assert [item["ours"] for item in first["items"]] == list(range(1, 15))
    assert [item["theirs"] for item in first["items"]] == list(range(14, 0, -1))
    assert first["items"][3] == {
        "item_id": "i3", "ours": 4, "theirs": 11, "label": rows.grade[3], "grade": 2.5,
        "long_clicks": rows.long_clicks[3], "examination": 10.0,
    }  # fmt: skip
    assert first["gained"] is None
    assert len(found[1]["items"]) == 12, "ten of each, eight of which are the same"


def test_lists_that_did_not_change_are_not_listed_and_a_query_is_listed_once() -> None:
    rows = made.examples(queries=6, items=5, cuts=2)
    straight = -np.tile(np.arange(5.0), 12)
    nothing = np.full(12, np.nan)
    assert changes.most_changed(rows, straight, straight, nothing, np.full(60, np.nan)) == []
    found = changes.most_changed(rows, straight, -straight, nothing, np.full(60, np.nan))
    assert [each["query"] for each in found] == [f"query {n}" for n in range(6)]


@pytest.mark.parametrize("by", ["exam", "behaviour"])
def test_findings_count_wins_by_the_yardstick_that_decided(by: str) -> None:
    rows = made.examples(queries=40)
    rows = replace(rows, exam=np.ones(len(rows), dtype=np.bool_), long_clicks=5 - rows.grade.astype(int))
    grades = {(rows.application[n], rows.query[n], rows.item_id[n]): rows.grade[n] for n in range(len(rows))}
    scores = {"ours": {"warm": rows.grade}, "champion": {"warm": -rows.grade}}
    found = of_run(Examination(rows, scores, grades, True), by, 20)["changes"]
    assert (found["rival"], found["yardstick"]) == ("champion", by)
    won = found["queries"]["better"] if by == "exam" else found["queries"]["worse"]
    assert won >= 39, "behaviour likes here what grades do not"
    assert len(found["lists"]) == 10
    assert {item["grade"] for item in found["lists"][0]["items"]} <= set(range(5))
