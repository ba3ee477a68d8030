"""The order of a session as types: Planned -> Staged -> Audited -> Published -> Committed.

A session that moves only the watermark goes from Planned to Published.

Each value carries what the next step needs. An `Audited` value comes from a report that passed, and `publish` accepts
staged rows in no other form.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tidemark.errors import AuditFailed
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark

if TYPE_CHECKING:
    from tidemark.audit import Report


@dataclass(frozen=True)
class Planned:
    """A plan that is stored in `ops.sessions` (a plan that does nothing is not stored)."""

    plan: Plan


@dataclass(frozen=True)
class Staged:
    """Rows of a plan, in one snapshot on the branch of one attempt."""

    plan: Plan
    snapshot_id: int
    branch: str
    rows_written: int
    rows_clipped: int


_PASSED = object()


@dataclass(frozen=True)
class Audited:
    """A staged snapshot whose report passed, made by `approve`.

    `snapshot_id` is the snapshot to publish: the staged one, or one with the same rows (`with_same_rows`).
    """

    staged: Staged
    report: Report
    snapshot_id: int
    _key: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._key is not _PASSED:
            raise TypeError("an Audited value is made by tidemark.stages.approve")

    def with_same_rows(self, snapshot_id: int) -> Audited:
        """Return this value with another snapshot to publish, which the caller knows to hold the audited rows."""
        return replace(self, snapshot_id=snapshot_id)


def approve(staged: Staged, report: Report) -> Audited:
    """Turn a staged snapshot and its passing report into the value that `publish` takes.

    Raises AuditFailed if the report did not pass, holds no check, or is about another session or snapshot.
    """
    if report.snapshot_id != staged.snapshot_id or report.session != staged.plan.session:
        raise AuditFailed(
            f"{staged.plan.dataset}: the report is about session {report.session}, snapshot {report.snapshot_id}, "
            f"not about the staged snapshot {staged.snapshot_id}; main is unchanged. Run the session again"
        )
    if not report.passed:
        raise AuditFailed(report.describe() + f"\n  staged rows: branch {staged.branch}")
    return Audited(staged, report, staged.snapshot_id, _PASSED)


@dataclass(frozen=True)
class Published:
    """A session whose watermark is on the target, or one that did nothing. `snapshot_id` is where it left main."""

    plan: Plan
    snapshot_id: int
    rows_written: int = 0


@dataclass(frozen=True)
class Committed:
    """A session that is closed in `ops`, or one that did nothing."""

    plan: Plan
    watermark: Watermark | None
