"""Which pairs are drawn for people to grade: evenly over traffic and grade, with the chances as they were."""

import numpy as np
import pytest

from ranking.labels import draws

RNG = np.random.default_rng(0)
EVIDENCE = RNG.choice([0, 3, 40, 700], 2000, p=[0.9, 0.06, 0.03, 0.01])
GRADE = RNG.beta(1, 4, 2000) * 4


@pytest.mark.parametrize(
    ("sizes", "count", "quotas"),
    [
        ([100, 100], 20, [10, 10]),
        ([3, 100, 100], 20, [3, 8, 9]),
        ([3, 2], 20, [3, 2]),
        ([], 5, []),
        ([5, 5], 1, [0, 1]),
    ],
)
def test_quotas_are_even_and_never_more_than_there_is(sizes: list[int], count: int, quotas: list[int]) -> None:
    assert draws.even_quotas(sizes, count) == quotas


def test_rare_bands_are_drawn_as_often_as_frequent_ones() -> None:
    drawn = draws.spread_pairs(EVIDENCE, GRADE, 120, seed=1)
    assert len(np.unique(drawn.places)) == 120
    seen = EVIDENCE[drawn.places]
    counts = [int((seen == value).sum()) for value in (0, 3, 40, 700)]
    assert min(counts) >= 15, "a random draw would take one of 700"


def test_weights_by_chance_give_back_the_means_of_all_pairs() -> None:
    """The inverse of the chance is what makes a mean over drawn pairs a mean over all of them."""
    means, true = [], float((EVIDENCE > 0).mean())
    for seed in range(40):
        drawn = draws.spread_pairs(EVIDENCE, GRADE, 200, seed)
        means.append(float(np.average(EVIDENCE[drawn.places] > 0, weights=1 / drawn.chances)))
    assert np.mean(means) == pytest.approx(true, abs=0.005)
    assert np.mean(EVIDENCE[drawn.places] > 0) > 3 * true, "without weights it is far off"


def test_all_pairs_are_drawn_if_there_are_fewer() -> None:
    drawn = draws.spread_pairs(EVIDENCE[:10], GRADE[:10], 50, seed=1)
    assert drawn.places.tolist() == list(range(10))
    assert drawn.chances.tolist() == [1.0] * 10


def test_a_seed_draws_the_same_and_another_seed_something_else() -> None:
    one, again, other = (draws.spread_pairs(EVIDENCE, GRADE, 50, seed).places.tolist() for seed in (1, 1, 2))
    assert one == again != other
    names = [f"q{number}" for number in range(50)]
    assert draws.draw_lists(names, 5, 1) == draws.draw_lists(names[::-1], 5, 1) != draws.draw_lists(names, 5, 2)
    assert draws.draw_lists(["a", "a", "b"], 5, 1) == ["a", "b"]
