"""Decisions that a run of the DAG `steer_ranker` asks for: recorded once, by the user's name, and refused in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from steering.by_run import describe_decision, id_of, record_decision
from steering.registry import DECISIONS, SCORES
from tests.steering.conftest import REASON, Shop
from tidemark import session
from tidemark.errors import RequestRefused
from tidemark.steps.context import Context

pytestmark = [pytest.mark.loop, pytest.mark.spark]

ROLLBACK = {"action": "rollback", "version": None, "reason": REASON}


def triggered(shop: Shop, run: str) -> Context:
    """Return the context of a run that somebody triggers an hour later."""
    shop.later(hours=1)
    return replace(shop.context, run=f"steer_ranker/{run}")


def files(shop: Shop) -> list[str]:
    return sorted(path.name for path in (shop.context.settings.landing / "ranker_decisions").glob("*"))


def test_s71_a_run_decides_once_and_the_scores_follow(shop: Shop) -> None:
    first, second = shop.night()["model_version"], shop.night()["model_version"]
    context = triggered(shop, "manual__1")
    with pytest.raises(RequestRefused, match="has not landed"):
        describe_decision(context, ROLLBACK, "ada")
    assert f"{first} " in record_decision(context, ROLLBACK, "ada")
    assert "already" in record_decision(context, ROLLBACK, "ada"), "the task is tried again"
    assert len(files(shop)) == 1
    for dataset in (DECISIONS, SCORES):
        session.run(context, dataset, say=shop.said.append)
    said = describe_decision(context, ROLLBACK, "ada")
    assert f"champion: {first}" in said and "rollback by ada" in said and f"scores of {first}" in said
    assert shop.served[0] == first != second

    assert "on record already" in record_decision(context, ROLLBACK, "ada"), "the task is cleared later"
    assert len(files(shop)) == 1
    rows = shop.context.lake.table(DECISIONS).scan().to_arrow().to_pylist()
    assert [(row["decision_id"], row["decided_by"]) for row in rows] == [(id_of(context), "ada")]

    refusals: dict[str, tuple[dict[str, Any], str]] = {
        "version: rollback takes no ranker": ({**ROLLBACK, "version": "r1"}, "ada"),
        "action: 'drop' is none of promote": ({**ROLLBACK, "action": "drop"}, "ada"),
        "reason: 'bad' is not a sentence": ({**ROLLBACK, "action": "unfreeze", "reason": "bad"}, "ada"),
        "reason: .* is not a text": ({**ROLLBACK, "reason": ["a", "b", "c"]}, "ada"),
        "by: .* is not a name": ({**ROLLBACK, "action": "unfreeze"}, "ada\x1b[2J"),
        "rollback: there is no earlier champion": (ROLLBACK, "ada"),
    }
    for number, (why, (params, by)) in enumerate(refusals.items()):
        with pytest.raises(RequestRefused, match=why):
            record_decision(triggered(shop, f"refused {number}"), params, by)
    assert len(files(shop)) == 1
