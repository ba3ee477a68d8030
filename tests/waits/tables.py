"""A real lake whose tables a test publishes by hand, without an engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyiceberg.table import Table

from tidemark.catalog import Lake, open_lake
from tidemark.catalog.properties import WATERMARK
from tidemark.settings import Settings, load_settings
from tidemark.spec.load import load_specs
from tidemark.state.watermark import Watermark

SHOWN = "search.interactions"
DAY = datetime(2026, 4, 12, tzinfo=UTC)


def hour(number: float) -> datetime:
    """Return an instant in hours since the start of the test's day."""
    return DAY + timedelta(hours=number)


class Tables:
    """The tables of one home."""

    def __init__(self, home: Path) -> None:
        self.settings: Settings = load_settings({"TIDEMARK_HOME": str(home)})
        self.specs = load_specs(self.settings.schemas, self.settings.values)

    def publish(self, through: float, final: float | None = None, dataset: str = SHOWN) -> Table:
        """Set a table complete through an hour, as a session that changes no row does."""
        lake: Lake = open_lake(self.settings)
        table = lake.ensure_table(self.specs[dataset])
        head = table.current_snapshot()
        assert head is not None
        mark = Watermark("s1", head.snapshot_id, hour(through), hour(through if final is None else final))
        with table.transaction() as change:
            change.set_properties({WATERMARK: mark.to_json()})
        lake.catalog.engine.dispose()
        return table
