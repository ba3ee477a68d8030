"""The verdicts of audits, as `ops.audit_results` records them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyiceberg.expressions import BooleanExpression

from tidemark.catalog import Lake, ops

COLUMNS = ("session", "snapshot_id", "check", "kind", "severity", "expected", "passed", "audited_at", "recorded_at")
KEY = ("check", "kind", "severity", "expected")
"""The columns that tell one check of an audit from another."""


@dataclass(frozen=True)
class AuditVerdict:
    """The last audit of a session: how many checks ran, and how many failed or warned.

    `audited_at` is the clock of its run. `recorded_at` is the machine's clock; None in records of an older version.
    """

    checks: int
    failed: int
    warned: int
    audited_at: datetime
    recorded_at: datetime | None

    @property
    def word(self) -> str:
        """The verdict in one word: passed, warned or failed."""
        if self.failed:
            return "failed"
        return "warned" if self.warned else "passed"


def read_verdicts(lake: Lake, where: BooleanExpression) -> dict[str, AuditVerdict]:
    """Return the verdict of the last audit of each session, by session."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in ops.rows(lake, "ops.audit_results", where, COLUMNS):
        found.setdefault(row["session"], []).append(row)
    return {session: _verdict(rows) for session, rows in found.items()}


def _verdict(rows: Sequence[Mapping[str, Any]]) -> AuditVerdict:
    results = last_results(rows)
    last = max(results, key=_recorded)
    failed = [row["severity"] for row in results if not row["passed"]]
    return AuditVerdict(
        checks=len(results),
        failed=failed.count("fail"),
        warned=failed.count("warn"),
        audited_at=last["audited_at"],
        recorded_at=last["recorded_at"],
    )


def last_results(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the results for the snapshot that was audited last. If a check was repeated, its last result counts."""
    ordered = sorted(rows, key=_recorded)
    last = ordered[-1]["snapshot_id"]
    found = {tuple(row[column] for column in KEY): row for row in ordered if row["snapshot_id"] == last}
    return list(found.values())


def _recorded(row: Mapping[str, Any]) -> tuple[bool, datetime]:
    """Sort by the machine's clock. Rows of older versions have none, and come first, by the clock of their run."""
    recorded = row["recorded_at"]
    return recorded is not None, recorded or row["audited_at"]
