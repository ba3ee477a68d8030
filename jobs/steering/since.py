"""Since when the champion is the champion."""

from __future__ import annotations

from datetime import datetime

from ranking.training.champion import Decision, Standing, session_of
from tidemark.catalog import Lake, ops


def champion_since(lake: Lake, standing: Standing) -> datetime | None:
    """Return when the champion became the champion: when its training run was committed, or when somebody decided so.

    None without a champion, or if the commit is not on record yet.
    """
    placed_by = standing.placed_by
    if placed_by is None:
        return None
    if isinstance(placed_by, Decision):
        return placed_by.decided_at
    rows = ops.rows(lake, "ops.high_watermarks", ops.of_session(session_of(placed_by)), ("recorded_at",))
    return rows[0]["recorded_at"] if rows else None
