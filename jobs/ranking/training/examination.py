"""The examination of a new ranker on the test part: its scores beside those of its rivals, and the gate's verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ranking.training import differences, evaluation, gate, segments
from ranking.training.corrected import Corrected, ListDifferences
from ranking.training.differences import Difference
from ranking.training.evaluation import CHAMPION, COLD, FORMER, LOGGED, MIXED, OURS, WARM, Scores
from ranking.training.gate import Comparison, Verdict
from ranking.training.learner import Model
from ranking.training.matrices import Examples, Flags, Floats, Whole, group_numbers, group_sizes
from ranking.training.registry import Registry
from ranking.training.segments import JudgedSegment

GUARDED = (MIXED, COLD)


def all_scores(ours: Model, test: Examples, before: Registry, settings: Mapping[str, Any]) -> Scores:
    """Return the scores on the test part of the new ranker, the champion, the former champion and the baselines."""
    models = {OURS: ours, CHAMPION: before.champion, FORMER: before.former}
    scores = {who: evaluation.model_scores(model, test) for who, model in models.items() if model is not None}
    return scores | evaluation.baseline_scores(test, settings["position_feature"], settings["popularity_feature"])


@dataclass(frozen=True)
class Examination:
    """A new ranker and its rivals on the test part. `grades` are human grades by (application, query, item)."""

    test: Examples
    scores: Scores
    grades: Mapping[tuple[str, str, str], float]
    same_recipe: bool

    @property
    def rival(self) -> str:
        """The champion, or the logged order if there is none."""
        return CHAMPION if CHAMPION in self.scores else LOGGED

    def verdict(self, settings: Mapping[str, Any]) -> Verdict:
        """Return the gate's verdict by the first yardstick that has enough queries."""
        if self.rival not in self.scores:
            return gate.cannot_train(
                f"Cannot tell: there is no champion yet, and no feature {settings['position_feature']} that gives the "
                "logged order to compare with; name one in training.position_feature."
            )
        counts = {"exam": self._exam.by_grades.count, "behaviour": evaluation.queries(self._behaviour, self.test)}
        chosen = gate.choose_yardsticks(counts, settings["least_test_queries"])
        if not chosen:
            most, least = max(counts.values()), settings["least_test_queries"]
            return gate.cannot_train(
                f"Cannot tell: grades or clicks can judge {most} test queries, but at least {least} are needed; wait "
                "for more clicks, hand in grades for whole lists, or set training.least_test_queries in search.yaml to "
                "a lower number."
            )
        verdicts = [gate.judge(self._compared(name, settings["least_test_queries"])) for name in chosen]
        first_ranker = self.rival == LOGGED and len(verdicts) > 1
        return gate.combine(*verdicts) if first_ranker else verdicts[0]

    def segments(self, yardstick: str, least: int) -> list[JudgedSegment]:
        """Return the difference from the rival on each segment; see `segments.judge_segments`."""
        found = segments.find_segments(self.test)
        return segments.judge_segments(
            found, lambda name, lists: self._difference(name, self.rival, WARM, lists), yardstick, least
        )

    def gained(self, yardstick: str, rival: str, view: str) -> Floats:
        """Return how much nDCG@10 each list gains over a rival; NaN for a list that the yardstick cannot judge."""
        if yardstick == "exam":
            return self._by_grades(rival, view).by_grades_alone
        if (rival, view) not in self._by_behaviour:
            self._by_behaviour[rival, view] = self._gained_by_behaviour(rival, view)
        return self._by_behaviour[rival, view]

    def _gained_by_behaviour(self, rival: str, view: str) -> Floats:
        ours, theirs = self.scores[OURS][view], self.scores[rival][view]
        mine, others = (evaluation.per_query(self._behaviour, self.test, scores) for scores in (ours, theirs))
        gained = np.full(len(group_sizes(self.test.group)), np.nan)
        gained[self._judged_lists] = mine["ndcg@10"] - others["ndcg@10"]
        return gained

    def _compared(self, yardstick: str, least: int) -> Comparison:
        """Return the comparison with the rival and the anchors by one yardstick."""
        views = [view for view in GUARDED if view in self.scores[self.rival]]
        return Comparison(
            yardstick,
            self.rival,
            self._difference(yardstick, self.rival, WARM),
            lost={view: self._lost(yardstick, view, least) for view in views},
            segments={each.segment.name: each.difference for each in self.segments(yardstick, least) if each.guards},
            anchors=dict(self._anchors(yardstick, least)),
            same_recipe=self.same_recipe,
            remark=self._by_grades_alone() if yardstick == "exam" else self._thin_grades(least),
        )

    def _lost(self, yardstick: str, view: str, least: int) -> float | None:
        """Return the mean loss in a view, None if nothing can judge it."""
        found = self._judged(yardstick, self.rival, view, least)
        return -found.mean if found is not None else None

    def _judged(self, yardstick: str, rival: str, view: str, least: int) -> Difference | None:
        """Return the difference by a yardstick, or by behaviour if the yardstick covers fewer than `least` queries.

        None if neither does.
        """
        found = (self._difference(name, rival, view) for name in dict.fromkeys((yardstick, "behaviour")))
        return next((each for each in found if each.count >= max(2, least)), None)

    def _anchors(self, yardstick: str, least: int) -> Iterator[tuple[str, Difference]]:
        """Yield the anchors with their differences, by behaviour if the grades cover fewer than `least` of their lists.

        An anchor that neither can judge is left out.
        """
        for who in (LOGGED, FORMER):
            if who not in self.scores or who == self.rival:
                continue
            judged = self._judged(yardstick, who, WARM, least)
            if judged is not None:
                yield evaluation.TITLES[who], judged

    def _difference(self, yardstick: str, rival: str, view: str, lists: Flags | None = None) -> Difference:
        """Return the difference from a rival, over the marked lists if some are marked."""
        if yardstick == "exam":
            return self._corrected(rival, view, lists).corrected
        gained, query = self.gained(yardstick, rival, view), self._queries
        counted = np.ones(len(query), dtype=np.bool_) if lists is None else lists
        return differences.over(evaluation.means(gained[counted], query[counted]))

    def _corrected(self, rival: str, view: str, lists: Flags | None = None) -> Corrected:
        return self._by_grades(rival, view).over(self._queries, lists)

    def _by_grades(self, rival: str, view: str) -> ListDifferences:
        if (rival, view) not in self._by_lists:
            ours, theirs = self.scores[OURS][view], self.scores[rival][view]
            self._by_lists[rival, view] = ListDifferences.of(self.test, self.human, ours, theirs)
        return self._by_lists[rival, view]

    def _by_grades_alone(self) -> str:
        found = self._exam
        alone = gate.signed(found.by_grades.interval())
        return f", extended to {found.others} others by labels that they correct (by grades alone {alone})"

    def _thin_grades(self, least: int) -> str:
        """Say that grades exist but are too few to decide; an empty text otherwise."""
        found = self._exam.by_grades.count
        graded = bool((self.test.exam & ~np.isnan(self.human)).any())
        return f"; exam grades cover {found} lists, and {least} are needed" if graded and found < least else ""

    @cached_property
    def _exam(self) -> Corrected:
        """The comparison with the rival by exam grades."""
        return self._corrected(self.rival, WARM)

    @cached_property
    def _by_behaviour(self) -> dict[tuple[str, str], Floats]:
        """What each list gains by behaviour, by rival and view, as far as it was asked for."""
        return {}

    @cached_property
    def _by_lists(self) -> dict[tuple[str, str], ListDifferences]:
        """The differences of lists by grades and labels, by rival and view, as far as they were asked for."""
        return {}

    @cached_property
    def _queries(self) -> Whole:
        return evaluation.queries_of(self.test)

    @cached_property
    def _judged_lists(self) -> Whole:
        """The numbers of the lists that behaviour has rows of, in order."""
        return np.unique(group_numbers(self.test.group)[self._behaviour.rows])

    @cached_property
    def _behaviour(self) -> evaluation.Yardstick:
        return evaluation.behaviour(self.test)

    @cached_property
    def human(self) -> Floats:
        """The human grade of each row; NaN for a row without one."""
        return evaluation.graded(self.test, self.grades)
