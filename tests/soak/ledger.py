"""The rows that the feeds should hold: the same actions as on the lake, applied to plain lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.soak.schedule import FEEDS, Action, Row


@dataclass
class Ledger:
    """Rows and completeness (in hours, exclusive) of each feed."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {feed: [] for feed in FEEDS})
    through: dict[str, int] = field(default_factory=dict)

    def apply(self, action: Action) -> None:
        """Apply an action to a feed. Actions that change no rows are ignored."""
        if action.kind == "deliver":
            self.rows[action.dataset].extend(action.rows)
            if action.through is not None:
                self.through[action.dataset] = max(action.through, self.through.get(action.dataset, 0))
        elif action.kind == "erase":
            gone = _chosen(action)
            self.rows[action.dataset] = [row for row in self.rows[action.dataset] if not gone(row)]
        elif action.kind == "restate":
            self.rows[action.dataset] = [_restated(row, action) for row in self.rows[action.dataset]]


def _chosen(action: Action) -> Callable[[Row], bool]:
    if action.event_id is not None:
        return lambda row: row.event_id == action.event_id
    return lambda row: row.minute // 60 == action.hour


def _restated(row: Row, action: Action) -> Row:
    if row.event_id != action.event_id:
        return row
    assert action.plan is not None and action.minute is not None, "a restatement has both"
    return replace(row, plan=action.plan, minute=action.minute)
