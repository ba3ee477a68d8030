"""What happens in a soak, decided by a seed alone: frozen data, stored as JSON, so that it can be replayed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.accounts.names import CANCELS, PLANS, SIGNUPS

FEEDS = (SIGNUPS, PLANS, CANCELS)

FACTS = "accounts.signups"
CHANGES = "accounts.plan_changes"
STATES = "accounts.account_states"
AROUND = "accounts.signups_around"
ACTIVE = "accounts.active_accounts"
TARGETS = (FACTS, CHANGES, AROUND, STATES, ACTIVE)
"""The datasets under test, inputs before their readers."""

OPS = "ops"
"""Stands for all tables of `ops` in a maintenance."""


@dataclass(frozen=True)
class Row:
    """One row of a feed: when it happened, in minutes of the test's time, and in which hour it arrived."""

    event_id: str
    account_id: str
    plan: str
    minute: int
    arrived: int


@dataclass(frozen=True)
class Action:
    """One thing that upstream or maintenance does, after a pause in seconds.

    deliver: append `rows` to a feed and say that it is complete through `through` hours (exclusive);
    erase: delete the rows of `event_id`, or of the `hour`; restate: give `event_id` another `plan` and `minute`;
    compact: rewrite the files of a table; maintain: fold, expire and sweep as the daily maintenance does.
    """

    kind: str
    dataset: str
    pause: float = 0.0
    rows: tuple[Row, ...] = ()
    through: int | None = None
    event_id: str | None = None
    hour: int | None = None
    plan: str | None = None
    minute: int | None = None


@dataclass(frozen=True)
class Task:
    """One session of a runner: the dataset, and hours (both included) with an id where it is a backfill."""

    dataset: str
    first: int | None = None
    last: int | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Kill:
    """A SIGKILL: which runner, how long after it began, and which step is waited for then (None: none)."""

    runner: int
    after: float
    step: str | None = None


@dataclass(frozen=True)
class Round:
    """Some trouble, after which the loop has to recover: each runner repeats its tasks until it is stopped."""

    tasks: tuple[tuple[Task, ...], ...]
    actions: tuple[Action, ...]
    kills: tuple[Kill, ...]


@dataclass(frozen=True)
class Schedule:
    """All rounds, by eras: each era is a lake of its own, which begins empty."""

    seed: int
    eras: tuple[tuple[Round, ...], ...]

    @property
    def kills(self) -> int:
        """How many there will be."""
        return sum(len(each.kills) for era in self.eras for each in era)

    def to_json(self) -> str:
        """All decisions; `from_json` gives an equal schedule."""
        return json.dumps(asdict(self), indent=1)

    @staticmethod
    def from_json(text: str) -> Schedule:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return Schedule(raw["seed"], tuple(tuple(_round(r) for r in era) for era in raw["eras"]))


def _round(raw: Mapping[str, Any]) -> Round:
    return Round(
        tasks=tuple(tuple(Task(**task) for task in tasks) for tasks in raw["tasks"]),
        actions=tuple(Action(**{**a, "rows": tuple(Row(**row) for row in a["rows"])}) for a in raw["actions"]),
        kills=tuple(Kill(**kill) for kill in raw["kills"]),
    )
