"""Schemes that divide lists into training and test: pure arithmetic on days, names and clusters.

A *list* is what a ranker orders at once: the examples of a query and a cut, or the items of a search request. It is
never divided. Its *cluster* is its query, or the user who asked. Draws depend on a hash of names and the seed, so the
order of rows changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ranking.labels.splits import bucket_of
from ranking.training.scheme import (
    DROPPED,
    GAP,
    GLOBAL_TEMPORAL,
    IGNORE_TIME,
    LEAVE_LAST_OUT,
    RANDOM,
    STRATIFIED,
    TEMPORAL_STRATIFIED,
    TEST,
    TRAIN,
    Scheme,
)

OVERLAPS = "its window reaches into the gap before the test"
HELD_OUT = "its cluster is held out for the test"
TRAINS = "its cluster is used for training"
UNSEEN = "its cluster has no list to train on"

Texts = npt.NDArray[np.object_]
Instants = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lists:
    """What a split needs to know of each list, one entry per list. `name` is different for each list.

    A list begins when it was shown or its window began, and ends when its label is complete. `newest` marks the lists
    that the global temporal scheme tests on.
    """

    name: Texts
    cluster: Texts
    begins: Instants
    ends: Instants
    newest: Flags

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True)
class Parts:
    """The part of each list, and `why` it is neither trained nor tested on (None if it is).

    `trains_until` is the instant before which the window of a training list must have ended; NaT if there is none.
    """

    part: Texts
    why: Texts
    trains_until: Instants


def assign(lists: Lists, scheme: Scheme) -> Parts:
    """Assign each list to a part. No list of `train` ends after `trains_until`."""
    chosen = _TESTS[scheme.scheme](lists, scheme)
    until = _trains_until(lists, chosen, scheme)
    in_time = np.isnat(until) | (lists.ends <= until)
    why = np.full(len(lists), None, dtype=object)
    why[~chosen & ~in_time] = OVERLAPS
    if scheme.disjoint != "none" and scheme.scheme == GLOBAL_TEMPORAL:
        held = _drawn(lists.cluster, scheme)
        why[held & ~chosen] = HELD_OUT
        why[chosen & ~held] = TRAINS
    part = np.where(why == OVERLAPS, GAP, np.where(chosen, TEST, TRAIN)).astype(object)
    part[(why == HELD_OUT) | (why == TRAINS)] = DROPPED
    if scheme.unseen == "drop":
        lacking = (part == TEST) & ~np.isin(_codes(lists.cluster), _codes(lists.cluster)[part == TRAIN])
        part[lacking], why[lacking] = DROPPED, UNSEEN
    return Parts(part, why, until)


def draw_lists(names: Sequence[str], share: float, seed: int) -> Texts:
    """Return `test` for about the share `share` of the lists, drawn by their names, and `train` for the others."""
    drawn = _buckets(np.array(names, dtype=object), seed) < share
    return np.where(drawn, TEST, TRAIN).astype(object)


def _random(lists: Lists, scheme: Scheme) -> Flags:
    """Draw lists, or whole clusters if they are disjoint. Time is ignored, so the future leaks into training."""
    return _drawn(lists.cluster if scheme.disjoint != "none" else lists.name, scheme)


def _stratified(lists: Lists, scheme: Scheme) -> Flags:
    """Draw the same share of each cluster's lists. Time is ignored, so the future leaks into training."""
    return _of_each_cluster(lists, scheme, [_buckets(lists.name, scheme.seed)])


def _temporal_stratified(lists: Lists, scheme: Scheme) -> Flags:
    """Take the newest share of each cluster's lists; the oldest ones train."""
    return _of_each_cluster(lists, scheme, [_buckets(lists.name, scheme.seed), lists.begins, lists.ends])


def _leave_last_out(lists: Lists, scheme: Scheme) -> Flags:
    """Take the last list of each cluster that has more than one."""
    place, size = _places(lists, [_buckets(lists.name, scheme.seed), lists.begins, lists.ends])
    return np.asarray((place == size - 1) & (size > 1))


def _global_temporal(lists: Lists, _: Scheme) -> Flags:
    """Take the newest lists of all clusters, as in production."""
    return lists.newest.copy()


_TESTS: dict[str, Callable[[Lists, Scheme], Flags]] = {
    RANDOM: _random,
    STRATIFIED: _stratified,
    TEMPORAL_STRATIFIED: _temporal_stratified,
    LEAVE_LAST_OUT: _leave_last_out,
    GLOBAL_TEMPORAL: _global_temporal,
}


def _trains_until(lists: Lists, chosen: Flags, scheme: Scheme) -> Instants:
    """Return the first instant of the test, less the gap: of the cluster, or of all for the global temporal scheme."""
    until = np.full(len(lists), np.datetime64("NaT"), dtype=lists.begins.dtype)
    if scheme.scheme in IGNORE_TIME or not chosen.any():
        return until
    cluster = np.zeros(len(lists), np.int64) if scheme.scheme == GLOBAL_TEMPORAL else _codes(lists.cluster)
    order = np.lexsort((lists.begins[chosen], cluster[chosen]))
    tested, first = np.unique(cluster[chosen][order], return_index=True)
    place = np.clip(np.searchsorted(tested, cluster), 0, len(tested) - 1)
    known = tested[place] == cluster
    until[known] = (lists.begins[chosen][order][first] - scheme.gap_before_test)[place[known]]
    return until


def _of_each_cluster(lists: Lists, scheme: Scheme, order: list[Any]) -> Flags:
    """Take the last share of each cluster in an order. A cluster keeps at least one list to train on.

    Numbers are rounded up or down by a draw for each cluster, so that the share is right over all of them.
    """
    place, size = _places(lists, order)
    wanted = np.floor(scheme.test_share * size + _buckets(lists.cluster, scheme.seed))
    return np.asarray(place >= size - np.minimum(wanted, size - 1))


def _places(lists: Lists, order: list[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the place of each list in its cluster, from 0, and the size of the cluster. `order`: last key first."""
    codes = _codes(lists.cluster)
    sizes = np.bincount(codes) if len(codes) else np.zeros(0, np.int64)
    ranked = np.lexsort((_codes(lists.name), *order, codes))
    place = np.empty(len(lists), np.int64)
    place[ranked] = np.arange(len(lists)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return place, sizes[codes]


def _codes(names: Texts) -> npt.NDArray[np.int64]:
    """Return a number for each name, equal for equal names."""
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _drawn(names: Texts, scheme: Scheme) -> Flags:
    return np.asarray(_buckets(names, scheme.seed) < scheme.test_share)


def _buckets(names: Texts, seed: int) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each name that depends on the name and the seed alone."""
    return np.array([bucket_of(f"split {seed} {name}") for name in names], dtype=np.float64)
