"""What a lake holds, to see whether something has changed it."""

from __future__ import annotations

from tidemark.lake import Lake, ops


def state_of(lake: Lake) -> tuple[int, dict[str, int | None]]:
    """How many plans are stored, and main's snapshot of each table outside `ops`."""
    spaces = [space for space in lake.catalog.list_namespaces() if space != ("ops",)]
    tables = [".".join(name) for space in spaces for name in lake.catalog.list_tables(space)]
    heads = {name: head.snapshot_id if (head := lake.table(name).current_snapshot()) else None for name in tables}
    return len(ops.rows(lake, "ops.sessions", columns=("session",))), heads
