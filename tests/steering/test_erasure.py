"""An erasure reaches the ranker that is served: the check follows the version that the scores name."""

from __future__ import annotations

import pytest

from steering.registry import RANKERS, SCORES
from tests.steering.conftest import Shop
from tidemark.operate.erasure.check import MAIN, Check, check
from tidemark.operate.erasure.erase import erase
from tidemark.operate.erasure.person import Person, read_person

pytestmark = [pytest.mark.loop, pytest.mark.spark]

NIGHTS = "ranking.nights"


def forgotten(shop: Shop) -> Person:
    """The example domain has no clients, so the examples of a night stand for a person's."""
    return read_person(shop.context.specs, ["night=2"])


def proof(shop: Shop) -> Check:
    return check(shop.context.lake, shop.context.specs, forgotten(shop), MAIN)


@pytest.mark.long
def test_s62_scores_of_a_ranker_that_was_trained_before_an_erasure_are_named(shop: Shop) -> None:
    shop.night()
    old = shop.champion
    assert old is not None
    shop.decide("freeze")
    before = {each.dataset: each.why for each in proof(shop).missing}
    assert {NIGHTS, RANKERS, SCORES, "ranking.training_examples"} <= set(before)

    found = erase(shop.context, forgotten(shop), "the client asked us to forget them", shop.said.append)
    assert [(each.dataset, each.rows) for each in found.tables] == [(NIGHTS, 1)]
    assert found.left.versions == ("ranking.label_horizons", RANKERS)

    shop.night()
    assert shop.champion == old, "the champion is frozen"
    (left,) = proof(shop).missing
    assert left.dataset == SCORES
    assert f"it serves {RANKERS} {old}, made from" in left.why

    shop.decide("unfreeze")
    shop.night()
    assert shop.champion != old
    assert proof(shop).proven
