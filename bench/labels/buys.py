"""What more would buy: 100 more grades, a week more of logs, exchanged positions. Each is compared with going without.

The start is three weeks of logs with 500 random grades, where 2 % of the requests exchange two positions. A world has
no drift, so a week less is a quarter less traffic. What is compared are rankers for queries without traffic, trained on
our labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.labels import records, sources
from bench.labels.learner import KEYS, Task
from bench.labels.report import check_labels
from bench.labels.tables import Tables
from bench.labels.worlds import DAYS, SETTINGS, Grades, World, WrongWorld, world_of
from tidemark.support.text import count

WEEKS = DAYS // 7
START = SETTINGS["500"]
MORE = Grades("600", 600)

Reader = Callable[[World], Tables]
"""Opens the tables of a world."""


@dataclass(frozen=True)
class Gain:
    """The nDCG@10 that something buys, and the same as a share of the gap between raw rates and true grades."""

    ndcg: float
    share: float


GAINS = ("100 more grades", "a week more of logs", "exchanged positions in 2 % of the requests")


def worlds_of(seed: str, sessions: int, queries: int) -> tuple[World, World, World]:
    """Return the world at the start, with a week more, and without exchanges. Raises WrongWorld for a wrong seed."""
    if not seed.isdigit():
        raise WrongWorld(f"{seed!r} is no seed; write numbers, such as 1,2,3")
    less = sessions * (WEEKS - 1) // WEEKS
    sizes = (("plain", less), ("plain", sessions), ("stuck", less))
    start, longer, still = (world_of(f"{kind}-{seed}", size, queries) for kind, size in sizes)
    return start, longer, still


def gains(worlds: tuple[World, World, World], read: Reader) -> tuple[Gain, ...]:
    """Return what each of GAINS buys in one world."""
    start, longer, still = worlds
    tables = read(start)
    task = Task.of(records.truth(start), tables.features())
    labels = _labels(task, tables, START)
    before = _trained_on(task, labels)
    gap = task.ndcg(task.pairs["true_grade"].to_numpy(float)) - task.ndcg(sources.click_rate(labels))
    found = (
        _trained_on(task, _labels(task, tables, MORE)) - before,
        _reached(longer, read(longer)) - before,
        before - _reached(still, read(still)),
    )
    return tuple(Gain(gain, gain / gap) for gain in found)


def _reached(world: World, tables: Tables) -> float:
    task = Task.of(records.truth(world), tables.features())
    return _trained_on(task, _labels(task, tables, START))


def _trained_on(task: Task, labels: pd.DataFrame) -> float:
    """Return the nDCG@10 of rankers that are trained on our labels."""
    return task.ndcg(labels["grade"].to_numpy(float))


def _labels(task: Task, tables: Tables, grades: Grades) -> pd.DataFrame:
    """Return the pairs with their labels. Raises ValueError if labels break a promise."""
    labels = tables.label(grades)
    check_labels(labels, grades)
    return task.pairs.merge(labels, on=KEYS, how="left", validate="1:1")


def described(found: Sequence[tuple[Gain, ...]]) -> str:
    """Return a line for each of GAINS: the mean over worlds, with its standard error if there are several."""
    lines = [f"What more would buy, of the gap between raw rates and true grades ({count(len(found), 'world')}):"]
    width = max(map(len, GAINS))
    for name, each in zip(GAINS, zip(*found, strict=True), strict=True):
        share, ndcg = _mean([100 * gain.share for gain in each], ".0f"), _mean([gain.ndcg for gain in each], ".4f")
        lines.append(f"  {name:<{width}}  {share} % of the gap, {ndcg} nDCG@10")
    return "\n".join(lines)


def _mean(values: Sequence[float], form: str) -> str:
    error = f" (± {np.std(values, ddof=1) / np.sqrt(len(values)):{form}})" if len(values) > 1 else ""
    return f"{np.mean(values):+{form}}{error}"
