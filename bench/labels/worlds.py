"""Worlds by name, such as `plain-2`, and the settings that say which human grades their labels may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from infra.demo.options import NO_DRIFT, WORLDS
from infra.demo.parameters import Parameters

DAYS = 28
"""Days of logs, all of which one label window covers."""
CUT = date(2026, 3, 1)
"""The day on which the window ends."""
QUERIES = 784
COLD = 0.25
"""Share of the queries without traffic. Rankers are judged on these."""


class WrongWorld(ValueError):
    """A world or a setting that does not exist. The message lists those that do."""


@dataclass(frozen=True)
class Grades:
    """Which human grades the labels may use. All are of queries with traffic that are not in the exam."""

    name: str
    grades: int
    grade_choice: str = "random"
    grade_flips: float = 0.0


SETTINGS = {
    found.name: found
    for found in (
        Grades("500", 500),
        Grades("150", 150),
        Grades("none", 0),
        Grades("flips", 500, grade_flips=0.2),
        Grades("pooled", 500, "pooled"),
        Grades("queries", 500, "queries"),
        Grades("head", 500, "head"),
        Grades("clicked", 500, "most_clicked"),
    )
}
"""500 or 150 random pairs, no grades, 500 with a fifth wrong, and 500 chosen in other ways."""


@dataclass(frozen=True)
class World:
    """A world with a number of search requests ("sessions" in the tables, as each of them is judged alone)."""

    name: str
    sessions: int
    parameters: Parameters

    @property
    def title(self) -> str:
        """The name with the number of sessions."""
        return f"{self.name}, {self.sessions:,} sessions"


def world_of(name: str, sessions: int, queries: int = QUERIES) -> World:
    """Return the world `kind-seed` with about `sessions` search requests. Raises WrongWorld for an unknown name."""
    kind, _, seed = name.partition("-")
    if kind not in WORLDS or not (seed or "1").isdigit():
        raise WrongWorld(f"{name!r} is no world; write {', '.join(WORLDS)}, with a seed such as {next(iter(WORLDS))}-2")
    asked: dict[str, Any] = {
        **WORLDS[kind],
        "seed": 100 + int(seed or 1),
        "base_queries": queries,
        "cold_queries": COLD,
        "requests_a_day": max(1, round(sessions / DAYS)),
        "drift_day": NO_DRIFT,
    }
    return World(name, sessions, Parameters(first_day=str(CUT - timedelta(days=DAYS)), **asked))


def settings_of(names: Sequence[str]) -> list[Grades]:
    """Return the settings with these names. Raises WrongWorld for an unknown name."""
    unknown = sorted(set(names) - set(SETTINGS))
    if unknown:
        raise WrongWorld(f"{', '.join(unknown)}: no such setting of grades; choose from {', '.join(SETTINGS)}")
    return [SETTINGS[name] for name in names]
