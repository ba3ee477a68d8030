"""Segments of the test queries: by traffic, and by application. A segment consists of whole queries.

By traffic: the queries are sorted by the expected examinations of their items in the test windows, the most examined
first. `head queries` are the first ones, which together hold a third of all examinations; `torso queries` hold the
second third and `tail queries` the last, with all queries that nobody searched.

The examples count all devices together and do not say the language of a query, so neither gives segments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.training import evaluation
from ranking.training.differences import Difference
from ranking.training.matrices import Examples, Flags, Floats, Whole, group_numbers, group_sizes

TRAFFIC, APPLICATION = "traffic", "application"
THIRDS = ("head queries", "torso queries", "tail queries")
NOT_RECORDED = ("device", "language")
"""What people ask for, and training_examples does not hold."""

Measure = Callable[[str, Flags], Difference]
"""Returns the difference of two rankers by a yardstick, over the marked lists."""


@dataclass(frozen=True)
class Segment:
    """A part of the test queries: `lists` marks their lists, and `share` is their share of all examinations."""

    name: str
    kind: str
    lists: Flags
    share: float


@dataclass(frozen=True)
class JudgedSegment:
    """The difference of two rankers on a segment. A segment with too few queries by any yardstick guards nothing."""

    segment: Segment
    yardstick: str
    difference: Difference
    guards: bool


def find_segments(test: Examples) -> list[Segment]:
    """Return the segments of the test part. Applications are segments only if there are several."""
    number, sizes = group_numbers(test.group), group_sizes(test.group)
    looks = np.bincount(number, test.examination, len(sizes)).astype(np.float64)
    applications = test.application[np.cumsum(sizes) - sizes].astype(str)
    third = _thirds(looks, evaluation.queries_of(test))
    found = [(name, TRAFFIC, third == place) for place, name in enumerate(THIRDS)]
    names = np.unique(applications)
    if len(names) > 1:
        found += [(str(name), APPLICATION, applications == name) for name in names]
    total = float(looks.sum()) or 1.0
    return [Segment(name, kind, lists, float(looks[lists].sum()) / total) for name, kind, lists in found]


def judge_segments(segments: Sequence[Segment], measure: Measure, yardstick: str, least: int) -> list[JudgedSegment]:
    """Return the difference on each segment, by behaviour if the yardstick covers fewer than `least` of its queries."""
    return [_judge(segment, measure, yardstick, max(2, least)) for segment in segments]


def _judge(segment: Segment, measure: Measure, yardstick: str, least: int) -> JudgedSegment:
    names = tuple(dict.fromkeys((yardstick, "behaviour")))
    found = [JudgedSegment(segment, name, measure(name, segment.lists), False) for name in names]
    enough = [each for each in found if each.difference.count >= least]
    if enough:
        return JudgedSegment(segment, enough[0].yardstick, enough[0].difference, True)
    return max(found, key=lambda each: each.difference.count)


def _thirds(looks: Floats, query: Whole) -> Whole:
    """Return for each list whether its query is in the first, second or last third of the examinations: 0, 1 or 2.

    A query is in the third in which its own examinations begin. Of queries with equally many, the first by name is
    counted first.
    """
    traffic = np.bincount(query, looks).astype(np.float64)
    order = np.argsort(-traffic, kind="stable")
    before = np.r_[0.0, np.cumsum(traffic[order])[:-1]][: len(order)]
    third = np.full(len(traffic), 2, dtype=np.int64)
    seen = traffic[order] > 0
    third[order[seen]] = np.minimum(2, (3 * before[seen] / (traffic.sum() or 1.0)).astype(np.int64))
    return third[query]
