"""The state of a lake, to detect whether a check has changed it."""

from __future__ import annotations

from tidemark.catalog import Lake, ops


def state_of(lake: Lake) -> tuple[int, dict[str, int | None]]:
    """Return the number of stored restatements, and main's snapshot of each table outside `ops`.

    Usual sessions are not counted: the schedule may move a watermark at any time.
    """
    spaces = [space for space in lake.catalog.list_namespaces() if space != ("ops",)]
    tables = [".".join(name) for space in spaces for name in lake.catalog.list_tables(space)]
    heads = {name: head.snapshot_id if (head := lake.table(name).current_snapshot()) else None for name in tables}
    restatements = [row for row in ops.rows(lake, "ops.sessions", columns=("request_id",)) if row["request_id"]]
    return len(restatements), heads
