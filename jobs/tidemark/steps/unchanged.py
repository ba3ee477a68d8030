"""Leave out rebuilt partitions whose rows are those that main holds already, so that no reader follows them.

After the audit, the rebuilt partitions are compared with main's by fingerprints of their rows. If none differs, the
session publishes only its watermark. If some differ, only their files are published: a second commit on the plan's
base, whose rows are those of the staged snapshot. If the dataset has a known time, that commit also says along it where
the rows differ.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from tidemark.catalog.manifests import live_entries
from tidemark.catalog.part_of_commit import commit_files
from tidemark.catalog.properties import (
    ATTEMPT,
    KNOWN_CHANGES,
    PART_OF,
    SESSION,
    WATERMARK,
    branch_name,
    property_of,
)
from tidemark.errors import InputChanged, WriteError
from tidemark.stages import Audited, Staged
from tidemark.state.effect import ReplaceAll, ReplaceRanges
from tidemark.steps.comparison import Comparison, Rebuilt, compare, rebuilt_partitions
from tidemark.steps.context import Context
from tidemark.support.error_translation import engine_errors
from tidemark.support.text import count

Say = Callable[[str], None]

_LOG = logging.getLogger(__name__)

TRIES = 5
"""How often a part is committed. A commit fails if another ref of the table moves at the same instant."""


def leave_out_unchanged(context: Context, audited: Audited, say: Say) -> Audited:
    """Return what is to be published of an audited snapshot: all of it, what differs from main, or main itself."""
    staged = audited.staged
    spec = context.spec(staged.plan.dataset)
    if spec.event_time is None or not isinstance(staged.plan.effect, ReplaceRanges | ReplaceAll):
        return audited
    rebuilt = rebuilt_partitions(context.lake.table(spec.dataset), spec, staged)
    if rebuilt is None:
        return audited
    # Main may be damaged, which this session is about to repair, or a file of it may lack bounds.
    unreadable: tuple[type[Exception], ...] = (*engine_errors(), InputChanged)
    try:
        found = compare(context, spec, staged, rebuilt)
    except unreadable as error:
        _LOG.info("%s: what main holds cannot be compared, so all is published", spec.dataset, exc_info=error)
        return audited
    if found.unchanged:
        say(_outcome(rebuilt, found))
    if not found.differing and found.unchanged:
        return audited.with_same_rows(staged.plan.base_snapshot)
    if not found.unchanged and found.known is None:
        return audited
    return _publish_part(context, audited, rebuilt, found)


def _outcome(rebuilt: Rebuilt, found: Comparison) -> str:
    parts = count(len(rebuilt.partitions), "partition")
    if not found.differing:
        return f"rebuilt {parts}, with the same rows as before: main stays as it is, and no reader has to follow"
    return f"rebuilt {parts}, {len(found.differing):,} of them with other rows than main: readers follow only these"


def _publish_part(context: Context, audited: Audited, rebuilt: Rebuilt, found: Comparison) -> Audited:
    """Commit only the files of the differing partitions, on the plan's base, for publication.

    If other commits of the table keep coming first, the staged snapshot is published as it is.
    """
    staged = audited.staged
    plan = staged.plan
    branch = branch_name(plan.session, f"part_{uuid.uuid4().hex[:8]}")
    context.lake.create_branch(context.lake.table(plan.dataset), branch, plan.base_snapshot)
    added, removed = (
        [file for part in sorted(found.differing) for file in files.get(part, ())]
        for files in (rebuilt.added, rebuilt.removed)
    )
    for _ in range(TRIES):
        table = context.lake.table(plan.dataset)
        try:
            part = commit_files(table, branch, added, removed, _properties(table, staged, found))
        except CommitFailedException:
            continue
        _check_same_rows(context, staged, part)
        return audited.with_same_rows(part)
    return audited


def _properties(table: Table, staged: Staged, found: Comparison) -> dict[str, str]:
    snapshot = table.snapshot_by_id(staged.snapshot_id)
    assert snapshot is not None, "a branch holds the staged snapshot"
    values = {key: property_of(snapshot, key) for key in (SESSION, ATTEMPT, WATERMARK)}
    values |= {PART_OF: str(staged.snapshot_id), KNOWN_CHANGES: found.known.to_json() if found.known else None}
    return {key: value for key, value in values.items() if value is not None}


def _check_same_rows(context: Context, staged: Staged, part: int) -> None:
    """Raise WriteError if the part does not hold as many rows as the staged snapshot."""
    table = context.lake.table(staged.plan.dataset)
    whole, found = (_rows(table, snapshot) for snapshot in (staged.snapshot_id, part))
    if whole != found:
        raise WriteError(
            f"{staged.plan.dataset}, session {staged.plan.session}: snapshot {part}, which replaces only what differs "
            f"from main, has {found} rows instead of {whole}. Nothing was published. Run the session again"
        )


def _rows(table: Table, snapshot_id: int) -> int:
    snapshot = table.snapshot_by_id(snapshot_id)
    assert snapshot is not None, "a branch holds the snapshot"
    return sum(entry.data_file.record_count for entry in live_entries(table, snapshot))
