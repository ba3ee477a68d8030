"""The events of a soak as frozen data. A seed decides them, and they are stored as JSON and can be replayed."""

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
"""In a maintenance action, this name stands for all tables of `ops`."""


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
    """An action of upstream or maintenance, after a pause in seconds.

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
    """A session of a runner: the dataset, and for a backfill its hours (both inclusive) and its request id."""

    dataset: str
    first: int | None = None
    last: int | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Kill:
    """A SIGKILL: the runner, the seconds after its start, and the step to wait for then (None: do not wait)."""

    runner: int
    after: float
    step: str | None = None


@dataclass(frozen=True)
class Round:
    """Actions and kills after which the loop must recover. Each runner repeats its tasks until it is stopped."""

    tasks: tuple[tuple[Task, ...], ...]
    actions: tuple[Action, ...]
    kills: tuple[Kill, ...]


@dataclass(frozen=True)
class Schedule:
    """All rounds, by era. Each era has its own lake, which is empty at first."""

    seed: int
    eras: tuple[tuple[Round, ...], ...]

    @property
    def kills(self) -> int:
        """The number of kills."""
        return sum(len(each.kills) for era in self.eras for each in era)

    def to_json(self) -> str:
        """Return the schedule as JSON; `from_json` gives an equal schedule."""
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
