"""The order in which one table is maintained, and the lines that say what was done."""

from __future__ import annotations

from tidemark.catalog.ops import SCHEMAS
from tidemark.operate.maintenance.expiry import expire, laggards
from tidemark.operate.maintenance.files import fold_files, fold_manifests, remove_orphans
from tidemark.operate.maintenance.refs import drop_old_branches, drop_old_tags
from tidemark.steps.context import Context
from tidemark.support.error_translation import translate_errors

OPS_FILE_BYTES = 8 * 1024 * 1024
"""A folded file of `ops` ends here: a look-up reads one such file, and no night rewrites all of history."""

YIELDED = "yielded to a session"


def maintain_ops(context: Context) -> str:
    """Maintain the tables of `ops`; a line each.

    Their history is cut by those who append (catalog/ops.py), so nothing is left to expire.
    """
    return "\n".join(_maintain_ops_table(context, name) for name in SCHEMAS)


@translate_errors
def maintain(context: Context, dataset: str) -> str:
    """Maintain one table. A line about what was done, and one for each reader that stands far behind.

    Beside a session each piece of work either lands or leaves the table as it was: then it says that it
    yielded, and the next night does it.
    """
    table = context.lake.find_table(dataset)
    if table is None or table.current_snapshot() is None:
        return f"{dataset}: not there yet"
    done = (
        _said(drop_old_branches(context, dataset), "old branches dropped"),
        _said(drop_old_tags(context, dataset), "old tags dropped"),
        _said(fold_files(context, dataset), "files folded"),
        _said(fold_manifests(context, dataset), "manifests folded"),
        _said(expire(context, dataset), "snapshots expired"),
        _said(remove_orphans(context, dataset), "orphan files removed"),
    )
    return "\n".join([f"{dataset}: {', '.join(done)}", *laggards(context, dataset)])


def _maintain_ops_table(context: Context, name: str) -> str:
    if context.lake.find_table(name) is None:
        return f"{name}: not there yet"
    done = (
        _said(fold_files(context, name, OPS_FILE_BYTES), "files folded"),
        _said(remove_orphans(context, name), "orphan files removed"),
    )
    return f"{name}: {', '.join(done)}"


def _said(count: int | None, what: str) -> str:
    return f"{what}: {YIELDED}" if count is None else f"{count} {what}"
