"""Segments of queries: who belongs to which, what is compared in them, and how they guard a promotion."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.training import differences, gate, segments
from ranking.training.differences import Difference
from ranking.training.examination import Examination
from ranking.training.findings import of_run
from ranking.training.gate import Comparison
from ranking.training.matrices import Examples, Flags, Floats
from tests.learning import made

LOOKS_OF = (60.0, 30.0, 20.0, 10.0, 0.0)


def searched(looks: Floats) -> Examples:
    """Return a list of two items for each query, whose items are examined so often."""
    rows = made.examples(queries=len(looks), items=2)
    return replace(rows, examination=np.repeat(looks / 2, 2))


def queries(test: Examples, lists: Flags) -> list[str]:
    return [str(query) for query in test.query[::2][lists]]


def test_each_third_of_the_examinations_is_a_segment_and_what_nobody_searched_is_tail() -> None:
    test = searched(np.array(LOOKS_OF))
    found = {each.name: each for each in segments.find_segments(test)}
    assert queries(test, found["head queries"].lists) == ["query 0"]
    assert queries(test, found["torso queries"].lists) == ["query 1"]
    assert queries(test, found["tail queries"].lists) == ["query 2", "query 3", "query 4"]
    assert [each.share for each in found.values()] == [0.5, 0.25, 0.25]


def test_the_lists_of_a_query_are_in_one_segment() -> None:
    test = searched(np.array([50.0, 1.0, 40.0, 1.0]))
    one = replace(test, query=np.array([f"q{n // 2}" for n in test.group], dtype=object))
    head = segments.find_segments(one)[0]
    assert head.lists.tolist() == [True, True, False, False]


def test_applications_are_segments_if_there_are_several() -> None:
    test = searched(np.array(LOOKS_OF))
    both = replace(test, application=np.where(test.group < 2, "shop", "help").astype(object))
    assert [each.name for each in segments.find_segments(test) if each.kind == segments.APPLICATION] == []
    found = [each for each in segments.find_segments(both) if each.kind == segments.APPLICATION]
    assert [(each.name, int(each.lists.sum())) for each in found] == [("help", 3), ("shop", 2)]


def test_a_test_part_without_traffic_has_segments_too() -> None:
    found = segments.find_segments(searched(np.zeros(3)))
    assert [int(each.lists.sum()) for each in found] == [0, 0, 3]
    assert [each.share for each in found] == [0.0, 0.0, 0.0]


def test_a_segment_is_judged_by_behaviour_where_grades_are_too_few_and_by_nothing_where_both_are() -> None:
    found = segments.find_segments(searched(np.array([1.0] * 30)))[:1]

    def measure(by_grades: int, by_behaviour: int) -> segments.Measure:
        return lambda name, lists: Difference(0.1, 0.01, by_grades if name == "exam" else by_behaviour)

    def judged(by_grades: int, by_behaviour: int) -> tuple[str, int, bool]:
        each = segments.judge_segments(found, measure(by_grades, by_behaviour), "exam", 20)[0]
        return each.yardstick, each.difference.count, each.guards

    assert judged(25, 300) == ("exam", 25, True)
    assert judged(5, 300) == ("behaviour", 300, True)
    assert judged(5, 9) == ("behaviour", 9, False)


@pytest.fixture(scope="module")
def examined() -> Examination:
    """The new ranker orders the 200 queries of the shop nearly perfectly, and the 40 of the help pages upside down."""
    rows = made.examples(queries=240)
    application = np.where(rows.group < 200, "shop", "help").astype(object)
    rng = np.random.default_rng(2)
    looks = rng.integers(5, 20, 240)[rows.group].astype(np.float64)
    rows = replace(rows, application=application, exam=np.ones(len(rows), dtype=np.bool_), examination=looks)
    noise = rng.normal(0, 3, len(rows))
    scores = {"ours": np.where(rows.group < 200, rows.grade, -rows.grade), "champion": rows.grade + noise}
    return Examination(rows, {who: {"warm": found} for who, found in scores.items()}, {}, same_recipe=True)


SETTINGS = {"least_test_queries": 20, "position_feature": "f_position_mean_28"}


def test_findings_hold_the_difference_on_each_segment(examined: Examination) -> None:
    found = of_run(examined, "behaviour", 20)["segments"]
    assert (found["rival"], found["least_queries"]) == ("champion", 20)
    assert found["not_recorded"] == ["device", "language"]
    by_name = {row["segment"]: row for row in found["rows"]}
    assert by_name["shop"]["difference"][1] > 0.05
    assert by_name["help"]["difference"][2] < -0.1
    assert (by_name["help"]["queries"], by_name["help"]["yardstick"], by_name["help"]["guards"]) == (
        40, "behaviour", True
    )  # fmt: skip
    assert sum(row["queries"] for row in found["rows"] if row["kind"] == "traffic") == 240
    few = of_run(examined, None, 50)["segments"]["rows"]
    assert [row["segment"] for row in few if not row["guards"]] == ["help"]


def test_a_ranker_that_is_better_on_the_whole_but_loses_a_segment_is_refused(examined: Examination) -> None:
    verdict = examined.verdict(SETTINGS)
    assert verdict.bound is not None
    assert verdict.bound > -gate.MARGIN
    assert verdict.sentence.startswith("Refused: ")
    assert ", but help lost 0." in verdict.sentence
    assert examined.verdict({**SETTINGS, "least_test_queries": 50}).promoted, "too few queries guard nothing"


def test_a_segment_counts_the_grades_of_its_own_queries(examined: Examination) -> None:
    test = examined.test
    graded = np.flatnonzero((test.group >= 170) & (test.group < 230))
    grades = {(test.application[n], test.query[n], test.item_id[n]): test.grade[n] for n in graded}
    found = {each.segment.name: each for each in replace(examined, grades=grades).segments("exam", 20)}
    assert (found["help"].yardstick, found["help"].difference.count) == ("exam", 30)
    assert (found["shop"].yardstick, found["shop"].difference.count) == ("exam", 30)
    assert found["help"].difference.mean < -0.1 < 0 < found["shop"].difference.mean


def test_without_a_test_list_or_a_rival_nothing_is_compared(examined: Examination) -> None:
    nothing = examined.test.take(np.zeros(len(examined.test), dtype=np.bool_))
    empty = {who: {"warm": np.empty(0)} for who in examined.scores}
    assert of_run(Examination(nothing, empty, {}, True), None, 20) == {"reliability": None}
    alone = {"ours": examined.scores["ours"]}
    assert of_run(Examination(examined.test, alone, {}, True), None, 20) == {"reliability": None}
    assert segments.find_segments(nothing)[0].share == 0.0


def test_a_small_loss_or_one_that_may_be_chance_refuses_nothing() -> None:
    def judged(mean: float, error: float) -> gate.Verdict:
        lost = {"tail queries": Difference(mean, error, 90)}
        return gate.judge(Comparison("exam", "champion", Difference(0.05, 0.002, 300), segments=lost))

    assert judged(-0.04, 0.01).sentence.endswith("on 300 queries, but tail queries lost 0.040.")
    assert judged(-0.015, 0.001).promoted, "a small loss"
    assert judged(-0.04, 0.03).promoted, "it may be chance"


def test_the_more_segments_there_are_the_clearer_a_loss_has_to_be() -> None:
    lost = Difference(-0.03, 0.014, 90)
    others = {f"application {number}": Difference(0.0, 0.01, 90) for number in range(9)}
    assert gate.lost_segments({"tail queries": lost}) == {"tail queries": 0.03}
    assert gate.lost_segments({"tail queries": lost, **others}) == {}


def skewed(rng: np.random.Generator, gain: float, count: int) -> Difference:
    """Return what queries show of which most do not change and a few change much, as in a real test part."""
    changed = rng.random(count) < 0.3
    return differences.over(np.where(changed, rng.choice([-1, 1], count) * rng.gamma(1.0, 0.2, count), 0.0) + gain)


@pytest.mark.parametrize("sizes", [(20, 20, 20), (30, 80, 200), (20,) * 12])
def test_chance_alone_refuses_few_equal_rankers(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(21)
    nights = [{str(n): skewed(rng, 0.0, size) for n, size in enumerate(sizes)} for _ in range(1500)]
    refused = np.mean([bool(gate.lost_segments(found)) for found in nights])
    assert refused <= 0.05, f"{refused:.3f} of the equal rankers were refused"


def test_a_real_loss_of_a_segment_is_mostly_found() -> None:
    rng = np.random.default_rng(22)
    nights = [{str(n): skewed(rng, -0.08 * (n == 2), 150) for n in range(3)} for _ in range(300)]
    assert np.mean(["2" in gate.lost_segments(found) for found in nights]) >= 0.9
