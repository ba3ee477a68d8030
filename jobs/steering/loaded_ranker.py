"""A ranker of the registry, checked and loaded, as exports and registrations need it. Without Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ranking.export.trees import Tree, read_trees
from ranking.training import learner
from ranking.training.champion import Run
from steering.registry import RANKERS, read_artifact, read_registry, read_run
from tidemark.catalog import Lake
from tidemark.errors import RequestRefused


@dataclass(frozen=True)
class Ranker:
    """A ranker of the registry: its run, its row without the artifact, and its loaded model with text and trees."""

    run: Run
    row: Mapping[str, Any]
    text: str
    model: learner.Model
    trees: Sequence[Tree]


def load(lake: Lake, version: str | None) -> Ranker:
    """Load a ranker, the champion without a version. Raises RequestRefused if there is none, or if it is broken."""
    registry = read_registry(lake)
    run = registry.find(version) if version is not None else registry.standing.champion
    if run is None:
        raise RequestRefused(
            "version: there is no champion yet. Name a ranker that `tidemark ranker list` shows, or wait for one"
        )
    return load_run(lake, run)


def load_run(lake: Lake, run: Run) -> Ranker:
    """Load the ranker of a run. Raises RequestRefused if nothing was trained, or if the artifact is broken."""
    if run.sha256 is None:
        raise RequestRefused(
            f"version: {run.model_version} has no artifact, because nothing was trained; "
            "`tidemark ranker list` shows the others"
        )
    row, artifact = read_run(lake, run), read_artifact(lake, run)
    try:
        names = learner.read_names(row["features"])
        model = learner.load_model(artifact, run.sha256, names)
    except learner.ModelRefused as error:
        raise RequestRefused(f"{RANKERS}, {run.model_version}: {error}") from None
    text = (artifact or b"").decode("utf-8")
    return Ranker(run, row, text, model, read_trees(text))
