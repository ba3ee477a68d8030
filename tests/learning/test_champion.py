"""Who is champion, and why: a table of cases, and rules that hold for any history."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ranking.training.champion import ACTIONS, Decision, Run, find_champion
from ranking.training.decisions import holds_news, parse

CASES = yaml.safe_load((Path(__file__).parent / "champions.yaml").read_text(encoding="utf-8"))
NOON = datetime(2026, 4, 12, 12, tzinfo=UTC)
RECORD = {
    "decision_id": "d1", "decided_at": "2026-04-12T12:00:00Z", "action": "rollback", "model_version": "r1",
    "after_version": 2, "reason": "buyers complained about it", "decided_by": "ada",
}  # fmt: skip


def run(name: str, text: str) -> Run:
    word, _, artifact = text.partition(" ")
    return Run(int(name[1:]), name, word == "promoted", f"{word.capitalize()}: as the case says.", artifact or None)


def decision(number: int, after: int, does: str) -> Decision:
    action, _, name = does.partition(" ")
    return Decision(f"d{number}", NOON + timedelta(hours=number), action, name, after, "because of it", "ada")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_case(case: dict[str, Any]) -> None:
    runs = [run(name, text) for name, text in case["runs"].items()]
    decisions = [decision(number, **each) for number, each in enumerate(case.get("decisions") or [], 1)]
    found = find_champion(runs, decisions)
    then = {"held": None, "withdrawn": [], "ignored": 0, "earlier": [], "placed_by": case["then"]["champion"]}
    assert {
        "champion": found.champion.model_version if found.champion else None,
        "earlier": [each.model_version for each in found.earlier],
        "held": found.held.decision_id if found.held else None,
        "withdrawn": [each.model_version for each in found.withdrawn],
        "ignored": len(found.ignored),
        "placed_by": _name(found.placed_by),
    } == then | case["then"]


def _name(step: Run | Decision | None) -> str | None:
    if isinstance(step, Decision):
        return step.decision_id
    return step.model_version if step else None


VERDICTS = st.sampled_from(["promoted a", "promoted b", "promoted c", "refused d", "nothing"])
DOES = st.tuples(st.integers(1, 6), st.sampled_from(ACTIONS), st.integers(1, 7))


@given(st.lists(VERDICTS, max_size=6), st.lists(DOES, max_size=6), st.randoms(use_true_random=False))
def test_the_champion_depends_on_no_order_and_always_has_an_artifact(
    verdicts: list[str], does: list[tuple[int, str, int]], shuffle: random.Random
) -> None:
    runs = [run(f"r{number}", text) for number, text in enumerate(verdicts, 1)]
    decisions = [decision(n, after, f"{action} r{which}") for n, (after, action, which) in enumerate(does, 1)]
    found = find_champion(runs, decisions)
    assert found.champion is None or found.champion.sha256 is not None
    assert bool(found.champion) == bool(found.why)
    assert found.champion not in found.earlier[-1:], "a rollback leads to another ranker"
    shuffle.shuffle(runs)
    shuffle.shuffle(decisions)
    assert find_champion(runs, [*decisions, *decisions]) == found


def test_readers_are_told_the_verdict_the_decision_and_both_if_both_count() -> None:
    runs = [run("r1", "promoted a"), run("r2", "promoted b")]
    assert find_champion(runs, []).explain() == "Promoted: as the case says."
    frozen = find_champion(runs, [decision(1, 2, "freeze r2")]).explain()
    assert frozen == "Promoted: as the case says; frozen by ada at 2026-04-12T13:00Z: because of it"
    back = find_champion(runs, [decision(1, 2, "rollback r1")]).explain()
    assert back == "served again after a rollback by ada at 2026-04-12T13:00Z: because of it"


def test_a_decision_is_parsed_and_trains_no_ranker() -> None:
    assert list(parse({**RECORD, "more": 1}, {})) == [("ranker_decisions", RECORD)]
    assert not holds_news([{}], [])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"action": "delete"}, "action is wrong: write one of promote, rollback, freeze, unfreeze"),
        ({"reason": None}, "reason is missing"),
        ({"reason": "  "}, "reason is wrong: it is not a text"),
        ({"reason": "x" * 501}, "reason is wrong: write at most 500 printable characters"),
        ({"decided_by": "a\x1b[2Jda"}, "decided_by is wrong: write at most 100 printable characters"),
        ({"model_version": 7}, "model_version is wrong: it is not a text"),
    ],
)
def test_a_record_that_is_no_decision_is_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(parse({**RECORD, **wrong}, {}))
