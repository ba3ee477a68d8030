"""The verdicts of the gate, each for a clear difference."""

from typing import Any

import numpy as np
import pytest

from ranking.training import gate
from ranking.training.metrics import Interval

BASE = np.random.default_rng(0).uniform(0.3, 0.7, 300)
NOISE = np.random.default_rng(1).normal(0, 0.02, 300)


def judged(ours: Any, theirs: Any = BASE, **views: Any) -> Any:
    both = {"warm": (ours, theirs), **views}
    mine = {view: pair[0] for view, pair in both.items()}
    rival = {view: pair[1] for view, pair in both.items()}
    return gate.judge("exam", "champion", mine, rival, seed=1)


def test_a_ranker_that_is_not_worse_is_promoted() -> None:
    assert judged(BASE + 0.05 + NOISE).promoted
    assert judged(BASE.copy()).promoted


def test_a_worse_ranker_is_refused() -> None:
    verdict = judged(BASE - 0.05 + NOISE)
    assert not verdict.promoted
    assert verdict.sentence.startswith("Refused: nDCG@10 by exam grades -0.0")


def test_an_undecided_comparison_promotes_nothing_and_says_how_many_queries_are_needed() -> None:
    verdict = judged(BASE[:12] + 10 * NOISE[:12], BASE[:12])
    assert not verdict.promoted
    assert verdict.sentence.startswith("Cannot tell: ")
    assert "queries are needed" in verdict.sentence
    assert verdict.power is not None
    assert verdict.power < gate.POWER


def test_a_guarded_view_may_not_lose_much() -> None:
    verdict = judged(BASE + 0.05, cold=(BASE - 0.03, BASE))
    assert not verdict.promoted
    assert "cold lost more than 0.02" in verdict.sentence
    assert judged(BASE + 0.05, cold=(BASE - 0.01, BASE)).promoted


def test_queries_that_one_side_cannot_judge_do_not_count() -> None:
    holes = BASE.copy()
    holes[:100] = np.nan
    assert judged(holes).difference.count == 200


def test_exam_grades_come_before_behaviour_and_labels_never_judge() -> None:
    assert gate.choose_yardsticks({"exam": 30, "behaviour": 500, "label": 500}, 20) == ["exam", "behaviour"]
    assert gate.choose_yardsticks({"exam": 3, "behaviour": 500, "label": 500}, 20) == ["behaviour"]
    assert gate.choose_yardsticks({"exam": 3, "behaviour": 4, "label": 500}, 20) == []


def test_power_of_564_queries() -> None:
    """With 564 queries and a standard deviation of .104, a true gain of .02 is nearly always promoted."""
    spread = np.random.default_rng(2).normal(0, 1, 564)
    spread = (spread - spread.mean()) / spread.std(ddof=1) * 0.104
    verdict = judged(np.full(564, 0.5) + spread, np.full(564, 0.5))
    assert verdict.power == pytest.approx(0.9999, abs=0.001)


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
