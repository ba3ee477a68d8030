"""The kinds of session that are killed: what the lake holds before, the news that they read, and what comes later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.accounts.world import Accounts, Event

FEED, PLANS, CANCELS = "accounts.signups_feed", "accounts.plans_feed", "accounts.cancels_feed"
STATES = "accounts.account_states"


@dataclass(frozen=True)
class World:
    """A dataset, and what upstream publishes: `before` the first session, as `news`, and `later`."""

    name: str
    dataset: str
    before: Callable[[Accounts], None]
    news: Callable[[Accounts], None]
    later: Callable[[Accounts], None]
    ran_before: bool = True
    """Whether a session was published before the news."""


def _sign_up(world: Accounts, complete: float, *events: Event) -> None:
    world.append(FEED, events, complete)


def _states_before(world: Accounts) -> None:
    _sign_up(world, 1, Event("s0", "a0", 0.5), Event("s1", "a1", 1.5))
    world.complete(PLANS, 1)
    world.append(CANCELS, [Event("c0", "a0", 1.2)], complete=1)


def _states_news(world: Accounts) -> None:
    _sign_up(world, 2, Event("s2", "a2", 2.5), Event("s3", "a3", 0.7, landed=2))
    world.append(PLANS, [Event("p0", "a1", 2.1, "pro")], complete=2)
    world.complete(CANCELS, 2)


def _states_later(world: Accounts) -> None:
    _sign_up(world, 3, Event("s4", "a4", 3.2))
    world.complete(PLANS, 3)
    world.append(CANCELS, [Event("c1", "a1", 1.7, landed=3)], complete=3)


def _plans_before(world: Accounts) -> None:
    _sign_up(world, 7, Event("s0", "a0", 0.5))
    world.append(PLANS, [Event("p2", "a0", 2.5, "plus"), Event("p5", "a0", 5.5, "pro")], complete=7)
    world.complete(CANCELS, 7)


def _plan_changes(number: int, at: float, plan: str) -> Callable[[Accounts], None]:
    """Return the function that lets a change of plan arrive late. The account's next change ends its effect."""
    return lambda world: world.append(PLANS, [Event(f"late{number}", "a0", at, plan, landed=7 + number)])


def _hand_in(number: int) -> Callable[[Accounts], None]:
    """Return the function that puts one file of sign-ups into the landing folder."""

    def put(world: Accounts) -> None:
        folder = world.settings.landing / "signups" / f"2026-04-12T{number:02}"
        folder.mkdir(parents=True)
        events = [Event(f"f{number}-{place}", f"a{place}", number + place / 4) for place in range(3)]
        rows = [{**event.row(), "kind": "signups"} for event in events]
        lines = [json.dumps(row, default=str) for row in rows]
        (folder / "signups.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    return put


def _of_feed(name: str, dataset: str, ran_before: bool = True) -> World:
    """Return the world of a dataset that reads only the sign-ups. Both batches have a new and a late event."""
    return World(
        name,
        dataset,
        before=lambda w: _sign_up(w, 1, Event("s0", "a0", 0.5), Event("s1", "a1", 1.5)),
        news=lambda w: _sign_up(w, 2, Event("s2", "a2", 2.5), Event("s3", "a3", 0.7, landed=2)),
        later=lambda w: _sign_up(w, 3, Event("s4", "a4", 3.2), Event("s5", "a5", 1.1, landed=3)),
        ran_before=ran_before,
    )


_WORLDS = (
    _of_feed("stateless", "accounts.signups"),
    _of_feed("stateful", "accounts.signups_around"),
    _of_feed("first", "accounts.signups_around", ran_before=False),
    World(
        "touch",
        "accounts.signups_around",
        before=lambda w: _sign_up(w, 8, Event("s0", "a0", 0.5), Event("s1", "a1", 1.5)),
        news=lambda w: _sign_up(w, 9),
        later=lambda w: _sign_up(w, 10, Event("s4", "a4", 10.2), Event("s5", "a5", 8.1, landed=10)),
    ),
    World("source", FEED, _hand_in(1), _hand_in(2), _hand_in(3)),
    World("expectations", STATES, _states_before, _states_news, _states_later),
    # The late change touches hours 3 to 7; only 3 and 4, before the next change, differ from what main holds.
    World("part", STATES, _plans_before, _plan_changes(1, 3.5, "max"), _plan_changes(2, 6.5, "max")),
    World("same", STATES, _plans_before, _plan_changes(1, 3.5, "plus"), _plan_changes(2, 6.5, "max")),
)
WORLDS = {world.name: world for world in _WORLDS}
