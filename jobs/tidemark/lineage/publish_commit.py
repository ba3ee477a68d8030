"""The commit that publishes: it asserts main and the watermark of a target, and moves both together."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.update import (
    AssertCurrentSchemaId,
    AssertRefSnapshotId,
    AssertTableUUID,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableUpdate,
    ValidatableTableRequirement,
)

from tidemark.catalog.properties import WATERMARK
from tidemark.errors import MainMoved
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark

TRIES = 5
"""How many times a commit is tried: the catalog refuses it if any ref of the table moves at the same moment."""


class AssertWatermark(ValidatableTableRequirement):
    """Requires that the table's watermark is still that of `session` (None: that there is no watermark).

    PyIceberg's SQL catalog checks this against the same metadata that it swaps, like its own requirements.
    """

    type: Literal["assert-tidemark-watermark"] = "assert-tidemark-watermark"
    session: str | None

    def validate(self, base_metadata: TableMetadata | None) -> None:  # type: ignore[override]  # as PyIceberg's own do
        """Raise CommitFailedException if the watermark is another session's."""
        found = None if base_metadata is None else last_session(base_metadata)
        if found != self.session:
            raise CommitFailedException(f"watermark has changed: expected session {self.session}, found {found}")


def watermark_of(table: Table) -> Watermark | None:
    """Return the watermark in the table's metadata; None before the first session."""
    text = table.properties.get(WATERMARK)
    return None if text is None else Watermark.from_json(text)


def last_session(metadata: TableMetadata) -> str | None:
    """Return the session that published last; None before the first one."""
    text = metadata.properties.get(WATERMARK)
    return None if text is None else Watermark.from_json(text).session


def publish_watermark(catalog: Catalog, plan: Plan, watermark: Watermark) -> Table:
    """Move main to the watermark's snapshot and set the watermark, in one catalog commit; return the table after it.

    A touch leaves main where it is. The commit succeeds only if main, schema and watermark are still those that the
    plan started from. If this session is already published, nothing is done. Raises MainMoved otherwise.
    """
    refused: CommitFailedException | None = None
    for _ in range(TRIES):
        table = catalog.load_table(plan.dataset)
        if _is_published(table, watermark):
            return table
        if not is_as_planned(table, plan):
            raise _moved(table, plan, str(refused or "before the commit")) from refused
        try:
            catalog.commit_table(table, _requirements(plan), _updates(watermark))
        except CommitFailedException as error:  # another commit came first, perhaps to another branch of the table
            refused = error
    table = catalog.load_table(plan.dataset)
    if _is_published(table, watermark):
        return table
    raise MainMoved(f"{plan.dataset}, session {plan.session}: the catalog refused {TRIES} commits") from refused


def _is_published(table: Table, watermark: Watermark) -> bool:
    return last_session(table.metadata) == watermark.session


def _requirements(plan: Plan) -> tuple[Any, ...]:
    previous = plan.previous.session if plan.previous else None
    return (
        AssertTableUUID(uuid=UUID(plan.table_uuid)),
        AssertRefSnapshotId.model_validate({"ref": MAIN_BRANCH, "snapshot-id": plan.base_snapshot}),
        AssertCurrentSchemaId.model_validate({"current-schema-id": plan.schema_id}),
        AssertWatermark(session=previous),
    )


def _updates(watermark: Watermark) -> tuple[TableUpdate, ...]:
    move = SetSnapshotRefUpdate.model_validate(
        {"ref-name": MAIN_BRANCH, "type": SnapshotRefType.BRANCH, "snapshot-id": watermark.snapshot}
    )
    return (move, SetPropertiesUpdate(updates={WATERMARK: watermark.to_json()}))


def check_as_planned(table: Table, plan: Plan) -> None:
    """Check before any work that a plan can still be published. Raises MainMoved if it cannot."""
    if not is_as_planned(table, plan):
        raise _moved(table, plan, "main, watermark or columns have changed; nothing was written")


def is_as_planned(table: Table, plan: Plan) -> bool:
    """Return whether main, watermark and schema are those that the plan was made for."""
    head = table.current_snapshot()
    same_main = head is not None and head.snapshot_id == plan.base_snapshot
    same_watermark = last_session(table.metadata) == (plan.previous.session if plan.previous else None)
    return same_main and same_watermark and table.metadata.current_schema_id == plan.schema_id


def _moved(table: Table, plan: Plan, reason: str) -> MainMoved:
    what = _changed(table, plan)
    return MainMoved(f"{plan.dataset}, session {plan.session}: since it was planned, {what} ({reason})")


def _changed(table: Table, plan: Plan) -> str:
    """Return what is no longer as planned, in words."""
    head = table.current_snapshot()
    found = head.snapshot_id if head else None
    if found != plan.base_snapshot:
        return f"main has moved from snapshot {plan.base_snapshot} to {found}"
    if table.metadata.current_schema_id != plan.schema_id:
        return "the table's columns have changed"
    return f"session {last_session(table.metadata)} has moved the watermark"
