"""The alert about a ranker that the gate refused."""

from __future__ import annotations

from collections.abc import Iterator

from ranking.training.champion import Run
from steering.registry import RANKERS, read_registry
from tidemark.catalog import Lake
from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.operate.alerts.conditions import Condition

NOTHING_NEW = ("Unchanged: ", "Held: ")
"""The beginnings of verdicts on rankers that nobody has to look at: the same as before, or held by a person."""


def conditions(lake: Lake) -> Iterator[Condition]:
    """Yield the refusal of the newest ranker, if the gate refused it."""
    registry = read_registry(lake)
    newest = registry.runs[-1] if registry.runs else None
    if newest is None or newest.promoted or newest.verdict.startswith(NOTHING_NEW):
        return
    yield Condition(f"refused {newest.model_version}", _refusal(newest, registry.standing.champion))


def _refusal(run: Run, champion: Run | None) -> Alert:
    served = f"{champion.model_version} stays champion" if champion else "no ranker is served yet"
    return Alert(
        Kind.refused,
        f"{RANKERS}, {run.model_version}",
        f"{run.verdict}\n{served}",
        f".venv/bin/tidemark ranker show {run.model_version}",
        f"sessions?dataset={RANKERS}",
    )
