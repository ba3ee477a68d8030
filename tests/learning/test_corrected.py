"""Labels that grades correct: unbiased where the labels favour a ranker, and narrower than the grades alone."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ranking.training import corrected
from ranking.training.differences import Difference
from ranking.training.matrices import Examples, Floats
from tests.learning import made

QUERIES, ITEMS, GRADED = 320, 20, 64
ROWS = QUERIES * ITEMS


@dataclass(frozen=True)
class World:
    """A test part with true grades, and two rankers. The labels believe in what only one ranker sees."""

    test: Examples
    truth: Floats
    ours: Floats
    theirs: Floats

    @classmethod
    def draw(cls, seed: int) -> "World":
        rng = np.random.default_rng(seed)
        truth = np.clip(rng.gamma(1.0, 1.0, ROWS), 0, 4)
        own = rng.normal(0, 1, ROWS)
        label = np.clip(truth + rng.normal(0, 0.7, ROWS) + 0.5 * own, 0, 4)
        exam = np.ones(ROWS, dtype=np.bool_)
        test = replace(made.examples(queries=QUERIES, items=ITEMS), grade=label, exam=exam)
        return cls(test, truth, truth + rng.normal(0, 1.2, ROWS) + 0.7 * own, truth + rng.normal(0, 1.2, ROWS))

    def graded(self, queries: int, seed: int = 0) -> Floats:
        """Return the grades of whole lists of some queries, and NaN elsewhere."""
        chosen = np.random.default_rng(seed).choice(QUERIES, queries, replace=False)
        return np.where(np.isin(self.test.group, chosen), self.truth, np.nan)

    def compared(self, human: Floats) -> corrected.Corrected:
        return corrected.difference(self.test, human, self.ours, self.theirs)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [World.draw(seed) for seed in range(60)]


def test_what_labels_alone_get_wrong_the_grades_correct(worlds: list[World]) -> None:
    """The labels call the worse ranker the better one. A fifth of the queries with grades shows that it is not."""
    truth = [world.compared(world.truth).by_grades.mean for world in worlds]
    by_labels = [world.compared(world.test.grade).by_grades.mean for world in worlds]
    found = [world.compared(world.graded(GRADED, 1000 + seed)).corrected for seed, world in enumerate(worlds)]
    assert np.mean(truth) < -0.02
    assert np.mean(by_labels) > 0.02
    assert np.mean([each.mean for each in found]) == pytest.approx(np.mean(truth), abs=0.006)
    inside = [low <= true <= high for true, (low, high) in zip(truth, map(bounds, found), strict=True)]
    assert np.mean(inside) >= 0.93


def bounds(found: Difference) -> tuple[float, float]:
    interval = found.interval()
    return interval.low, interval.high


def test_the_error_is_smaller_than_that_of_the_grades_alone(worlds: list[World]) -> None:
    found = [world.compared(world.graded(GRADED, 1000 + seed)) for seed, world in enumerate(worlds)]
    ratio = np.mean([each.corrected.error / each.by_grades.error for each in found])
    assert 0.6 < ratio < 0.9
    spread = np.std([each.corrected.mean for each in found]) / np.std([each.by_grades.mean for each in found])
    assert spread < 0.95, "and so are the estimates themselves"


def test_labels_that_say_nothing_change_nothing() -> None:
    world = World.draw(1)
    blind = replace(world, test=replace(world.test, grade=np.random.default_rng(3).uniform(0, 4, ROWS)))
    found = blind.compared(blind.graded(GRADED))
    assert found.corrected.error <= found.by_grades.error * 1.001
    assert found.corrected.mean == pytest.approx(found.by_grades.mean, abs=found.by_grades.error)


def test_a_list_with_a_few_grades_does_not_decide() -> None:
    world = World.draw(2)
    sparse = np.where(np.random.default_rng(0).random(ROWS) < 0.15, world.truth, np.nan)
    assert world.compared(sparse).by_grades.count == 0
    assert world.compared(world.graded(GRADED)).by_grades.count == GRADED
    nearly = np.where(np.random.default_rng(0).random(ROWS) < 0.98, world.graded(GRADED), np.nan)
    assert 0.8 * GRADED < world.compared(nearly).by_grades.count <= GRADED


def test_grades_of_the_rivals_list_alone_do_not_decide() -> None:
    """The challenger brings up items that nobody graded and that labels believe in. Labels must not judge them."""
    world = World.draw(7)
    place = np.arange(ROWS) % ITEMS
    truth = np.where(place < 10, world.truth, 0.0)
    test = replace(world.test, grade=np.where(place < 10, truth, 3.5))
    theirs = -place.astype(float)
    challenger = np.where(place >= 17, 100.0, theirs)
    human = np.where(place < 10, truth, np.nan)
    assert corrected.difference(test, human, challenger, theirs).by_grades.count == 0


def test_a_difference_is_on_the_scale_of_ndcg() -> None:
    """Labels that are far too low must not stretch what grades say."""
    world = World.draw(8)
    low = replace(world, test=replace(world.test, grade=world.test.grade / 8))
    found = low.compared(low.truth).by_grades
    assert found.mean == pytest.approx(world.compared(world.truth).by_grades.mean, abs=1e-9)


def test_the_lists_of_a_query_count_as_one() -> None:
    world = World.draw(9)
    several = replace(world, test=replace(world.test, query=np.array([f"q{n // 4}" for n in world.test.group], object)))
    found, single = several.compared(several.truth).by_grades, world.compared(world.truth).by_grades
    assert found.count == QUERIES // 4
    assert found.mean == pytest.approx(single.mean)


def test_two_equal_orders_do_not_differ() -> None:
    world = World.draw(4)
    same = corrected.difference(world.test, world.graded(GRADED), world.ours, world.ours + 1)
    assert (same.corrected.mean, same.corrected.error) == (0.0, 0.0)


def test_grades_that_the_labels_have_learnt_from_decide_nothing() -> None:
    world = World.draw(6)
    taught = replace(world, test=replace(world.test, exam=world.test.group < QUERIES // 2))
    found = taught.compared(taught.graded(GRADED))
    assert 0 < found.by_grades.count < GRADED
    assert found.others == QUERIES - GRADED


def test_without_a_graded_query_there_is_no_difference() -> None:
    world = World.draw(5)
    found = world.compared(np.full(ROWS, np.nan))
    assert found.by_grades.count == found.corrected.count == 0
    assert found.others == QUERIES
