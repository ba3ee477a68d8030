"""Maintain one table: the order of the work, and the lines that report it."""

from __future__ import annotations

from tidemark.catalog.ops import SCHEMAS
from tidemark.operate.maintenance.expiry import expire, lagging_readers
from tidemark.operate.maintenance.files import fold_files, fold_manifests, remove_orphans
from tidemark.operate.maintenance.refs import drop_old_branches, drop_old_tags
from tidemark.steps.context import Context
from tidemark.support.error_translation import translate_errors

OPS_FILE_BYTES = 8 * 1024 * 1024
"""The size in bytes at which a folded file of `ops` ends. A look-up reads one such file, and full files are not
rewritten each night."""

YIELDED = "yielded to a session"


def maintain_ops(context: Context) -> str:
    """Maintain the tables of `ops`; return a line for each.

    Each append cuts their history (catalog/ops.py), so there are no snapshots to expire.
    """
    return "\n".join(_maintain_ops_table(context, name) for name in SCHEMAS)


@translate_errors
def maintain(context: Context, dataset: str) -> str:
    """Maintain one table; return a line about what was done, and a line for each reader that is far behind.

    Maintenance may run while a session does. Each piece of work either succeeds or leaves the table as it was. If a
    session commits first, the line says that the work yielded to it, and the next run does the work.
    """
    table = context.lake.find_table(dataset)
    if table is None or table.current_snapshot() is None:
        return f"{dataset}: does not exist yet"
    done = (
        _report(drop_old_branches(context, dataset), "old branches dropped"),
        _report(drop_old_tags(context, dataset), "old tags dropped"),
        _report(fold_files(context, dataset), "files folded"),
        _report(fold_manifests(context, dataset), "manifests folded"),
        _report(expire(context, dataset), "snapshots expired"),
        _report(remove_orphans(context, dataset), "orphan files removed"),
    )
    return "\n".join([f"{dataset}: {', '.join(done)}", *lagging_readers(context, dataset)])


def _maintain_ops_table(context: Context, name: str) -> str:
    if context.lake.find_table(name) is None:
        return f"{name}: does not exist yet"
    done = (
        _report(fold_files(context, name, OPS_FILE_BYTES), "files folded"),
        _report(remove_orphans(context, name), "orphan files removed"),
    )
    return f"{name}: {', '.join(done)}"


def _report(count: int | None, work: str) -> str:
    return f"{work}: {YIELDED}" if count is None else f"{count} {work}"
