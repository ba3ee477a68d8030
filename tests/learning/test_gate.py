"""The verdicts of the gate, each for a clear difference, and what it does over simulated quarters."""

import math
from typing import Any

import numpy as np
import pytest

from ranking.training import differences, gate
from ranking.training.differences import Difference
from ranking.training.gate import Comparison
from ranking.training.metrics import Interval

QUERIES = 300
SPREAD = 0.05
"""The standard deviation of the difference per query in the simulations."""


def difference(mean: float, spread: float = SPREAD, queries: int = QUERIES) -> Difference:
    return Difference(mean, spread / math.sqrt(queries), queries)


def judged(found: Difference, **more: Any) -> gate.Verdict:
    return gate.judge(Comparison("exam", "champion", found, **more))


def test_a_ranker_that_is_not_worse_is_promoted() -> None:
    assert judged(difference(0.05)).promoted
    assert judged(difference(0.0, spread=0.0)).promoted, "the same scores on newer data"


def test_a_worse_ranker_is_refused() -> None:
    verdict = judged(difference(-0.05))
    assert not verdict.promoted
    assert verdict.sentence.startswith("Refused: nDCG@10 by exam grades -0.050")
    assert verdict.sentence.endswith("against champion on 300 queries, which is worse.")


def test_an_undecided_comparison_promotes_nothing_and_says_what_is_missing() -> None:
    verdict = judged(difference(0.0, spread=0.2, queries=12))
    assert not verdict.promoted
    assert verdict.sentence.startswith("Cannot tell: ")
    assert "the bound for a quarter of nights is -0.1" in verdict.sentence
    assert "must be above -0.005, and at least 788 queries are needed to detect a gain of 0.02" in verdict.sentence
    assert verdict.power is not None
    assert verdict.power < gate.POWER


def test_the_bound_is_that_of_a_quarter_and_not_that_of_a_night() -> None:
    """A night's own bound, at 2.5 %, would pass. Of thirteen such looks more than a quarter would be wrong."""
    found = difference(0.002)
    assert found.above(0.025) > -gate.MARGIN > found.above(gate.ALPHA / gate.LOOKS)
    assert judged(found).sentence.startswith("Cannot tell: ")


def test_a_single_query_decides_nothing() -> None:
    verdict = judged(differences.over(np.array([0.5, np.nan])))
    assert not verdict.promoted
    assert verdict.power is None
    assert ", and more queries are needed" in verdict.sentence


def test_a_guarded_view_may_not_lose_much() -> None:
    verdict = judged(difference(0.05), lost={"cold": 0.03, "mixed": 0.01})
    assert not verdict.promoted
    assert verdict.sentence.endswith(", but cold lost more than 0.02.")
    assert judged(difference(0.05), lost={"cold": 0.01}).promoted


def test_a_guarded_view_that_nothing_can_judge_promotes_nothing() -> None:
    verdict = judged(difference(0.05), lost={"cold": None, "mixed": 0.0})
    assert verdict.sentence.startswith("Cannot tell: ")
    assert verdict.sentence.endswith(", but nothing can judge cold.")


def test_another_recipe_must_be_better_and_not_merely_not_worse() -> None:
    assert not judged(difference(0.004, spread=0.01), same_recipe=False).promoted
    verdict = judged(difference(0.009, spread=0.01), same_recipe=False)
    assert verdict.sentence.endswith(", but another recipe must gain at least 0.01.")
    assert judged(difference(0.02), same_recipe=False).promoted
    assert "must be above +0.000" in judged(difference(0.005), same_recipe=False).sentence


def test_a_ranker_may_not_undercut_an_anchor() -> None:
    former = "champion of a quarter ago"
    lost = judged(difference(0.02), anchors={"logged order": difference(0.1), former: difference(-0.03)})
    assert not lost.promoted
    assert lost.sentence.startswith("Refused: ")
    assert lost.sentence.endswith(f"but -0.030 (95 %: -0.036 to -0.024) against {former}.")
    unsure = judged(difference(0.02), anchors={former: difference(0.0, spread=0.2)})
    assert unsure.sentence.startswith("Cannot tell: ")
    assert judged(difference(0.02), anchors={former: difference(0.02)}).promoted


def test_exam_grades_come_before_behaviour_and_labels_never_judge() -> None:
    assert gate.choose_yardsticks({"exam": 30, "behaviour": 500, "label": 500}, 20) == ["exam", "behaviour"]
    assert gate.choose_yardsticks({"exam": 3, "behaviour": 500, "label": 500}, 20) == ["behaviour"]
    assert gate.choose_yardsticks({"exam": 3, "behaviour": 4, "label": 500}, 20) == []


@pytest.mark.parametrize(("queries", "power"), [(564, 0.999), (50, 0.15)])
def test_power_by_the_number_of_queries(queries: int, power: float) -> None:
    """With a standard deviation of .104, 564 queries nearly always promote a true gain of .02; 50 seldom do."""
    found = judged(difference(0.0, spread=0.104, queries=queries)).power
    assert found == pytest.approx(power, abs=0.01)


def verdict(promoted: bool, low: float, mean: float, high: float, name: str = "exam") -> gate.Verdict:
    found = Interval(mean, low, high, 40)
    return gate.Verdict(
        promoted, f"{'Promoted' if promoted else 'Cannot tell'}: by {name}.", name, "logged_order", found
    )


def test_a_first_ranker_passes_by_behaviour_where_grades_cannot_tell_but_do_not_object() -> None:
    behaviour = verdict(True, 0.05, 0.1, 0.15, "behaviour")
    assert gate.combine(verdict(False, -0.02, 0.02, 0.06), behaviour).promoted
    assert "exam grades say +0.020" in gate.combine(verdict(False, -0.02, 0.02, 0.06), behaviour).sentence


def test_behaviour_never_overrules_grades_that_speak_against_a_ranker() -> None:
    behaviour = verdict(True, 0.05, 0.1, 0.15, "behaviour")
    assert not gate.combine(verdict(False, -0.09, -0.03, 0.03), behaviour).promoted
    assert not gate.combine(verdict(False, -0.2, -0.1, -0.05), behaviour).promoted
    assert not gate.combine(verdict(False, -0.02, 0.02, 0.06), verdict(False, -0.1, 0.0, 0.1, "behaviour")).promoted


def test_nothing_new_and_nothing_that_a_decision_holds_off_is_promoted() -> None:
    better = verdict(True, 0.05, 0.1, 0.15)
    assert gate.settle(better, None, None) == better
    same = gate.settle(better, "the artifact is that of r1", None)
    assert (same.promoted, same.sentence) == (False, "Unchanged: the artifact is that of r1.")
    held = gate.settle(better, None, "r1 stays the champion, frozen by ada")
    assert not held.promoted
    assert held.sentence == ("Held: r1 stays the champion, frozen by ada. Without this decision: Promoted: by exam.")
    assert (
        "Without this decision: Unchanged: " in gate.settle(better, "the artifact is that of r1", "r1 stays").sentence
    )


def drawn(rng: np.random.Generator, gain: float, queries: int = QUERIES) -> Difference:
    """Return the difference that some queries show if the true gain is `gain`."""
    return differences.over(rng.normal(gain, SPREAD, queries))


def quarter(rng: np.random.Generator, gains: Any) -> list[float]:
    """Run the weekly looks of a quarter, and return the true quality of the champion after each.

    `gains` has the true gain of each week's candidate over the champion that it meets. The champion at the start is
    the anchor. Its quality is 0.
    """
    champion, history = 0.0, []
    for gain in gains:
        candidate = champion + gain
        anchors = {"champion of a quarter ago": drawn(rng, candidate)}
        if judged(drawn(rng, gain), anchors=anchors).promoted:
            champion = candidate
        history.append(champion)
    return history


def test_of_twenty_quarters_at_most_one_promotes_a_ranker_that_is_worse_by_more_than_the_margin() -> None:
    rng = np.random.default_rng(11)
    lost = [min(quarter(rng, [-0.006] * gate.LOOKS)) < 0 for _ in range(400)]
    assert np.mean(lost) <= 0.05


def test_equal_rankers_of_another_recipe_are_promoted_in_few_quarters() -> None:
    rng = np.random.default_rng(12)
    looks = [[drawn(rng, 0.0) for _ in range(gate.LOOKS)] for _ in range(400)]
    passed = [any(judged(found, same_recipe=False).promoted for found in nights) for nights in looks]
    assert np.mean(passed) <= 0.05


def test_a_gain_of_two_hundredths_is_promoted_as_often_as_the_power_says() -> None:
    rng = np.random.default_rng(13)
    verdicts = [judged(drawn(rng, gate.WORTHWHILE, queries=80)) for _ in range(400)]
    power = np.mean([each.power for each in verdicts])
    assert power >= gate.POWER
    assert np.mean([each.promoted for each in verdicts]) == pytest.approx(power, abs=0.05)


def test_small_losses_do_not_add_up() -> None:
    """Each candidate is worse than the champion that it meets by less than the margin, fifty times in a row."""
    rng = np.random.default_rng(14)
    ends = [quarter(rng, [-0.004] * 50)[-1] for _ in range(100)]
    assert min(ends) > -3 * gate.MARGIN
    assert np.mean(ends) > -gate.MARGIN


def test_ten_quarters_of_equal_rankers_end_without_net_loss() -> None:
    """Candidates differ from the champion by chance alone, as a ranker that is retrained on other days does."""
    rng = np.random.default_rng(15)
    ends = [quarter(rng, rng.normal(0, 0.004, gate.LOOKS))[-1] for _ in range(100)]
    assert np.mean(ends) >= 0


@pytest.mark.parametrize(
    ("scheme", "trains_later", "why"),
    [
        ("random", False, "Cannot tell: the split is random and ignores time, so the ranker was trained on the days"),
        ("stratified", False, "Cannot tell: the split is stratified and ignores time"),
        ("leave_last_out", True, "Cannot tell: the newest lists are in the training and not in the test;"),
        ("leave_last_out", False, None),
        ("global_temporal", False, None),
    ],
)
def test_nothing_is_promoted_by_a_test_on_days_of_the_training(
    scheme: str, trains_later: bool, why: str | None
) -> None:
    verdict = judged(difference(0.05))
    found = gate.trust(verdict, scheme, trains_later)
    if why is None:
        assert found == verdict
        return
    assert not found.promoted
    assert found.sentence.startswith(why)
    assert "set split.scheme in search.yaml to global_temporal. Without this: Promoted: nDCG@10" in found.sentence
