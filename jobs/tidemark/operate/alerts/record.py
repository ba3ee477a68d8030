"""`ops.alerts`: what has been told, and of which conditions the end has not been told yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tidemark.catalog import Lake, ops
from tidemark.operate.alerts.alert import Alert, Kind

TABLE = "ops.alerts"
COLUMNS = ("condition", "kind", "place", "dataset", "session", "state", "recorded_at")


class State(StrEnum):
    """What a row says of its condition."""

    began = "began"
    over = "over"


@dataclass(frozen=True)
class Told:
    """The last thing that was told about a condition, and when by the machine's clock.

    `dataset` and `session` are set if a failed task of a session was told.
    """

    condition: str
    kind: Kind
    place: str
    dataset: str | None
    session: str | None
    state: State
    recorded_at: datetime

    @property
    def holds(self) -> bool:
        """Whether the end of the condition has not been told."""
        return self.state is State.began


def read_told(lake: Lake) -> Mapping[str, Told]:
    """Return the last message about each condition that has been told."""
    rows = sorted(ops.rows(lake, TABLE, columns=COLUMNS), key=lambda row: row["recorded_at"])
    known = (row for row in rows if row["kind"] in list(Kind))
    return {row["condition"]: Told(**{**row, "kind": Kind(row["kind"]), "state": State(row["state"])}) for row in known}


def record(
    lake: Lake,
    condition: str,
    alert: Alert,
    channels: Iterable[str],
    dataset: str | None = None,
    session: str | None = None,
) -> None:
    """Add a row about a message that was sent through the channels."""
    row = {
        "condition": condition,
        "state": (State.over if alert.over else State.began).value,
        "kind": alert.kind.value,
        "place": alert.where,
        "what": alert.what,
        "dataset": dataset,
        "session": session,
        "channels": ", ".join(channels),
    }
    ops.append(lake, TABLE, [row])
