"""Why a trained ranker is not promoted, whatever its metrics say: it is nothing new, or the champion is held."""

import json
from collections.abc import Mapping
from typing import Any

from ranking.training.registry import Registry

READ = ("examples", "judgments")
"""The inputs that a ranker is trained and judged on."""


def find_same(before: Registry, sha256: str, params: Mapping[str, Any]) -> str | None:
    """Return what a new artifact is the same as, as the end of a sentence; None if it is new.

    It is the same as the champion's artifact, as one that was rolled back, or as that of an earlier run on the same
    snapshots. An artifact equal to another earlier one is judged again, as new grades may judge it differently.
    """
    standing = before.standing
    if standing.champion is not None and standing.champion.sha256 == sha256:
        return f"the artifact is, byte for byte, that of the champion {standing.champion.model_version}"
    for run in standing.withdrawn:
        if run.sha256 == sha256:
            return f"the artifact is, byte for byte, that of {run.model_version}, which was rolled back"
    for row in before.rows:
        if row["sha256"] == sha256 and _is_same_input(row, params):
            return f"input and artifact are those of {row['model_version']}"
    return None


def find_hold(before: Registry) -> str | None:
    """Return who stays champion by whose decision; None if the gate may replace the champion."""
    held = before.standing.held
    return None if held is None else f"{before.champion_version} stays the champion, {held.describe().rstrip('.')}"


def _is_same_input(row: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    then, now = json.loads(row["snapshots"])["snapshots"], dict(params.get("snapshots") or {})
    return all(then.get(name) == now.get(name) for name in READ)
