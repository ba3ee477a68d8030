"""Make a schedule from a seed, without a lake, a clock or another source of randomness."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from tests.soak.ledger import Ledger
from tests.soak.schedule import (
    FEEDS,
    OPS,
    SIGNUPS,
    TARGETS,
    Action,
    Kill,
    Round,
    Row,
    Schedule,
    Task,
)

KILLS_PER_ERA = 40
"""The kills on one lake. Then another lake begins, so that first sessions are killed too."""

STEPS = ("init", "write", "audit", "publish", "commit")
PLAN_NAMES = ("Basic", "Gold", "SILVER", "odd")


def decide(seed: int, kills: int) -> Schedule:
    """Return the schedule of a seed with this number of kills."""
    chance = random.Random(seed)
    eras = []
    left = kills
    while left > 0:
        upstream = _Upstream(chance)
        era = upstream.era(min(left, KILLS_PER_ERA))
        left -= sum(len(each.kills) for each in era)
        eras.append(era)
    return Schedule(seed, tuple(eras))


class _Upstream:
    """Decides one era, and keeps the ledger that results from its decisions."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.ledger = Ledger()
        self.now = 1
        self.ids = 0
        self.accounts: list[str] = []
        self.requests: list[Task] = []

    def era(self, kills: int) -> tuple[Round, ...]:
        rounds: list[Round] = []
        while kills > 0:
            rounds.append(self._round(kills, first=not rounds))
            kills -= len(rounds[-1].kills)
        return tuple(rounds)

    def _round(self, kills: int, first: bool) -> Round:
        self.now += self.chance.choice((0, 1, 1, 2))
        return Round(
            tasks=(self._tasks(), self._tasks()), actions=tuple(self._actions(first)), kills=self._kills(kills)
        )

    def _actions(self, first: bool) -> Iterator[Action]:
        """Yield actions, each decided after the earlier ones: a second delivery repeats the current row."""
        makers: list[Callable[[], Action | None]] = [
            partial(self._deliver, feed, first) for feed in FEEDS if first or self.chance.random() < 0.6
        ]
        makers += [maker for likely, maker in self._likely() if self.chance.random() < likely]
        self.chance.shuffle(makers)
        for make in makers:
            action = make()
            if action is not None:
                self.ledger.apply(action)
                yield replace(action, pause=round(self.chance.uniform(0, 0.6), 3))

    def _likely(self) -> tuple[tuple[float, Callable[[], Action | None]], ...]:
        return (
            (0.25, self._erase),
            (0.07, self._erase_hour),
            (0.3, self._restate),
            (0.35, lambda: Action("compact", self.chance.choice((*FEEDS, *TARGETS)))),
            (0.3, lambda: Action("maintain", self.chance.choice((*FEEDS, *TARGETS, OPS)))),
        )

    def _deliver(self, feed: str, always: bool) -> Action:
        rows = [self._event(feed, late=False) for _ in range(self.chance.randint(2 if always else 0, 4))]
        rows += [self._event(feed, late=True) for _ in range(self.chance.choice((0, 0, 1, 2)))]
        known = self.ledger.rows[feed]
        if feed != SIGNUPS and known and self.chance.random() < 0.4:
            rows += [replace(row, arrived=self.now) for row in self.chance.choices(known, k=2)]
        through = max(self.now + 1 - self.chance.choice((0, 0, 1, 2)), self.ledger.through.get(feed, 1))
        return Action("deliver", feed, rows=tuple(rows), through=through)

    def _event(self, feed: str, late: bool) -> Row:
        self.ids += 1
        if feed == SIGNUPS or not self.accounts:
            self.accounts.append(f"account-{self.ids}")
        account = self.accounts[-1] if feed == SIGNUPS else self.chance.choice(self.accounts)
        hour = self.chance.randint(0, self.now) if late else self.now
        plan = self.chance.choice(PLAN_NAMES)
        return Row(f"event-{self.ids}", account, plan, hour * 60 + self.chance.randrange(60), self.now)

    def _known(self) -> tuple[str, Row | None]:
        feed = self.chance.choice(FEEDS)
        known = self.ledger.rows[feed]
        return feed, self.chance.choice(known) if known else None

    def _erase(self) -> Action | None:
        feed, row = self._known()
        return None if row is None else Action("erase", feed, event_id=row.event_id)

    def _erase_hour(self) -> Action | None:
        feed, row = self._known()
        return None if row is None else Action("erase", feed, hour=row.minute // 60)

    def _restate(self) -> Action | None:
        """Change an event's plan, and sometimes its time."""
        feed, row = self._known()
        if row is None:
            return None
        minute = row.minute if self.chance.random() < 0.5 else self.chance.randrange(self.now * 60)
        return Action("restate", feed, event_id=row.event_id, plan=self.chance.choice(PLAN_NAMES), minute=minute)

    def _tasks(self) -> tuple[Task, ...]:
        tasks = [Task(dataset) for dataset in TARGETS]
        self.chance.shuffle(tasks)
        if self.chance.random() < 0.3:
            tasks.insert(self.chance.randrange(len(tasks)), self._request())
        return tuple(tasks)

    def _request(self) -> Task:
        """Decide a backfill; sometimes a repeated one, or one that the other runner runs at the same time."""
        if self.requests and self.chance.random() < 0.3:
            return self.requests[-1]
        first = self.chance.randint(0, self.now)
        last = self.chance.randint(first, min(first + 4, self.now))
        task = Task(self.chance.choice(TARGETS), first, last, f"request-{len(self.requests) + 1}")
        self.requests.append(task)
        return task

    def _kills(self, most: int) -> tuple[Kill, ...]:
        runners = (0, 1) if most > 1 and self.chance.random() < 0.6 else (self.chance.randrange(2),)
        return tuple(self._kill(runner) for runner in runners)

    def _kill(self, runner: int) -> Kill:
        step = self.chance.choice(STEPS) if self.chance.random() < 0.5 else None
        after = self.chance.uniform(0.0, 2.0) if step else self.chance.uniform(0.1, 5.0)
        return Kill(runner, round(after, 3), step)
