"""Call Iceberg's procedures through Spark. If a session commits first, the call yields to it and does not fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pyspark.errors import PySparkException
from pyspark.sql import Row

from tidemark.catalog.properties import CATALOG
from tidemark.engine.session import connect
from tidemark.settings.run_parameters import check_dataset
from tidemark.steps.context import Context

_CONFLICT_SIGNS = ("CommitFailedException", "conflicted with another concurrent")
"""If Spark's error contains one of these, another commit came first."""


def call(
    context: Context,
    procedure: str,
    dataset: str,
    older_than: datetime | None = None,
    options: Mapping[str, int] | None = None,
) -> list[Row] | None:
    """Call a procedure for a table and return its rows; None if another commit came first.

    CALL takes no bound arguments. So the name is checked, and instants and numbers are rendered here.
    """
    arguments = f"table => '{check_dataset(dataset)}'"
    if older_than is not None:
        arguments += f", older_than => TIMESTAMP '{_instant(older_than)}'"
    if options:
        pairs = ", ".join(f"'{key}', '{value:d}'" for key, value in options.items())
        arguments += f", options => map({pairs})"
    try:
        rows: list[Row] = connect(context.settings).sql(f"CALL {CATALOG}.system.{procedure}({arguments})").collect()
    except PySparkException as refused:
        if any(sign in str(refused) for sign in _CONFLICT_SIGNS):
            return None
        raise
    return rows


def _instant(at: datetime) -> str:
    """Render an instant in milliseconds, the unit of snapshots' times, rounded down."""
    text = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return f"{text[:-3]}Z"
