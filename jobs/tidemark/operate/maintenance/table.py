"""Maintain one table: the order of the work, and the lines that report it."""

from __future__ import annotations

from collections.abc import Mapping

from tidemark.catalog.ops import SCHEMAS
from tidemark.operate.maintenance.expiry import expire, lagging_readers
from tidemark.operate.maintenance.files import fold_files, fold_manifests, remove_orphans
from tidemark.operate.maintenance.refs import drop_old_branches, drop_old_tags
from tidemark.steps.context import Context
from tidemark.support.error_translation import translate_errors
from tidemark.support.text import count, singular

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
    done = {
        "old branches dropped": drop_old_branches(context, dataset),
        "old tags dropped": drop_old_tags(context, dataset),
        "files folded": fold_files(context, dataset),
        "manifests folded": fold_manifests(context, dataset),
        "snapshots expired": expire(context, dataset),
        "orphan files removed": remove_orphans(context, dataset),
    }
    return "\n".join([f"{dataset}: {_report(done)}", *lagging_readers(context, dataset)])


def _maintain_ops_table(context: Context, name: str) -> str:
    if context.lake.find_table(name) is None:
        return f"{name}: does not exist yet"
    done = {
        "files folded": fold_files(context, name, OPS_FILE_BYTES),
        "orphan files removed": remove_orphans(context, name),
    }
    return f"{name}: {_report(done)}"


def _report(done: Mapping[str, int | None]) -> str:
    """Name the work that was done, with its numbers, and the work that yielded (None)."""
    said = (f"{work}: {YIELDED}" if n is None else _number_of(n, work) for work, n in done.items() if n != 0)
    return ", ".join(said) or "nothing to do"


def _number_of(number: int, work: str) -> str:
    """Return a number and the words for its work, such as `1 old tag dropped`."""
    noun, _, verb = work.rpartition(" ")
    return f"{count(number, singular(noun), noun)} {verb}"
