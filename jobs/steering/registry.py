"""Read the registry of rankers and the decisions about them from the lake, without Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ranking.training.champion import DECISION_COLUMNS, RUN_COLUMNS, Decision, Run, Standing, find_champion
from tidemark.catalog import Lake
from tidemark.catalog.filters import equals
from tidemark.errors import RequestRefused
from tidemark.support.text import printable

RANKERS = "ranking.rankers"
DECISIONS = "ranking.ranker_decisions"
SCORES = "ranking.ranker_scores"


@dataclass(frozen=True)
class Registry:
    """All training runs and decisions, each in its order, and what follows from them."""

    runs: tuple[Run, ...]
    decisions: tuple[Decision, ...]
    standing: Standing

    @property
    def newest(self) -> int:
        """The number of the newest training run; 0 without one."""
        return self.runs[-1].version if self.runs else 0

    def find(self, name: str) -> Run:
        """Return the run with this model version or number. Raises RequestRefused if there is none."""
        found = [run for run in self.runs if name in (run.model_version, str(run.version))]
        if not found:
            raise RequestRefused(
                f"version: {printable(name[:80])!r} is no ranker of {RANKERS}; `tidemark ranker list` shows them"
            )
        return found[0]


def read_registry(lake: Lake) -> Registry:
    """Read what main of both tables holds now. A table that does not exist is empty."""
    runs = sorted((Run(**row) for row in _rows(lake, RANKERS, RUN_COLUMNS)), key=lambda run: run.version)
    decided = [Decision(**row) for row in _rows(lake, DECISIONS, DECISION_COLUMNS)]
    decisions = sorted(decided, key=lambda each: (each.after_version, each.decided_at, each.decision_id))
    return Registry(tuple(runs), tuple(decisions), find_champion(runs, decisions))


def read_run(lake: Lake, run: Run) -> Mapping[str, Any]:
    """Return the row of a run without its artifact."""
    table = lake.table(RANKERS)
    names = tuple(field.name for field in table.schema().fields if field.name != "artifact")
    found = table.scan(equals("model_version", run.model_version), selected_fields=names).to_arrow().to_pylist()
    row: Mapping[str, Any] = found[0]
    return row


def read_artifact(lake: Lake, run: Run) -> bytes | None:
    """Return the artifact of a run as the registry holds it; None if nothing was trained."""
    found = lake.table(RANKERS).scan(equals("model_version", run.model_version), selected_fields=("artifact",))
    artifact: bytes | None = found.to_arrow()["artifact"].to_pylist()[0]
    return artifact


def scores_now(lake: Lake) -> tuple[str, str, int] | None:
    """Return what the published scores say: model version, why it is served, number of rows; None without scores."""
    table = lake.find_table(SCORES)
    head = table.current_snapshot() if table is not None else None
    if table is None or head is None or head.summary is None:
        return None
    names = {field.name for field in table.schema().fields}
    wanted = tuple(name for name in ("model_version", "served_because") if name in names)
    rows = table.scan(selected_fields=wanted, limit=1).to_arrow().to_pylist()
    if not rows:
        return None
    return rows[0]["model_version"], rows[0].get("served_because") or "", int(head.summary["total-records"] or 0)


def _rows(lake: Lake, dataset: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    table = lake.find_table(dataset)
    return table.scan(selected_fields=columns).to_arrow().to_pylist() if table is not None else []
