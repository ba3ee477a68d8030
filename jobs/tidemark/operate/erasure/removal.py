"""Remove a person's rows from main of a landed table, and let the table's watermark follow.

The commit that removes rows names the reason of the erasure. If the command ends before the watermark has followed,
the next one finds that commit and goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from tidemark.catalog import Lake
from tidemark.catalog.properties import ERASURE, property_of
from tidemark.catalog.removal import remove_rows
from tidemark.errors import MainMoved, RequestRefused
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.target_integrity import (
    check_target_integrity,
    is_history_cut,
    since_published,
    with_changed_rows,
)
from tidemark.operate.erasure.account import TableRows
from tidemark.operate.erasure.find import Rows
from tidemark.operate.manual import adopt
from tidemark.session import Say
from tidemark.steps.commit import close_published
from tidemark.steps.context import Context
from tidemark.support.error_translation import translate_errors

TRIES = 10
"""How often a removal or an adoption is tried. Each refused try means that a session or maintenance committed."""


@translate_errors
def finish(context: Context, dataset: str, say: Say) -> bool:
    """Let the watermark follow an erasure that ended before it; return whether there was one.

    Raises TargetChanged if somebody changed the table in another way.
    """
    for _ in range(TRIES):
        table = context.lake.find_table(dataset)
        if table is None or table.current_snapshot() is None:
            return False
        close_published(context, table)
        reason = unadopted_reason(context.lake, table)
        if reason is None:
            check_target_integrity(context.lake, table)
            return False
        if _adopted(context, dataset, reason, say):
            return True
    raise _kept_moving(dataset)


@translate_errors
def remove(context: Context, dataset: str, find: Callable[[], Rows | None], reason: str, say: Say) -> TableRows | None:
    """Remove the rows that `find` finds on main, and return them; None if there is none.

    They are looked for again whenever main has moved. Raises TargetChanged if somebody changed the table.
    """
    for _ in range(TRIES):
        finish(context, dataset, say)  # another erasure may have begun meanwhile
        table, rows = context.lake.find_table(dataset), find()
        if table is None or rows is None:
            return None
        try:
            remove_rows(table, rows.where, {ERASURE: reason})
        except CommitFailedException:
            continue
        finish(context, dataset, say)
        return rows.found
    raise _kept_moving(dataset)


def unadopted_reason(lake: Lake, table: Table) -> str | None:
    """Return the reason of an erasure on main which the watermark has not followed; None if there is none.

    All commits since the published snapshot have to be erasures: whatever else was changed was not audited. If the
    published snapshot has expired, all that is left of main's history counts.
    """
    mark = watermark_of(table)
    since = since_published(table, mark) if mark is not None else None
    if mark is not None and since is None and is_history_cut(lake, table, mark):
        since = list(main_history(table))
    reasons = [property_of(snapshot, ERASURE) for snapshot in with_changed_rows(since or [])]
    return reasons[0] if reasons and all(reasons) else None


def _adopted(context: Context, dataset: str, reason: str, say: Say) -> bool:
    """Adopt what main holds. Returns False if another session or command did so at the same time."""
    try:
        adopt(context, dataset, reason, say)
    except MainMoved:
        return False
    except RequestRefused:
        if unadopted_reason(context.lake, context.lake.table(dataset)) is not None:
            raise
        return True
    return True


def _kept_moving(dataset: str) -> MainMoved:
    return MainMoved(
        f"{dataset}: other commits came first {TRIES} times; nothing is lost. Find out who commits to it, then run the "
        f"same command again"
    )
