"""Erase a person: the order of the work. Each part may end at any point, and the same command goes on from there."""

from __future__ import annotations

from functools import partial

from tidemark.errors import RequestRefused
from tidemark.operate.erasure.account import Erasure
from tidemark.operate.erasure.find import Rows, quarantines, rows_in
from tidemark.operate.erasure.left import what_is_left
from tidemark.operate.erasure.person import Person, landed_with
from tidemark.operate.erasure.quotes import quotes
from tidemark.operate.erasure.removal import finish, remove, unadopted_reason
from tidemark.operate.erasure.texts import clear_texts, quoting_texts
from tidemark.session import Say
from tidemark.settings.run_parameters import check_sentence
from tidemark.steps.context import Context
from tidemark.support.error_translation import translating_errors

FEW = 100
"""So many rows may always be erased, even if they are most of a table."""


def erase(context: Context, person: Person, reason: str, say: Say = print) -> Erasure:
    """Erase the person's records from main of all landed tables, and what quotes the person beside them.

    If main holds none any more, only what is left is looked for. Raises RequestRefused if the reason says too little or
    names the person, or if there is nothing of the person at all, and TargetChanged, before anything is removed, if a
    table was changed by other means than the loop.
    """
    check_reason_for(reason, person)
    tables = _tables(context, person)
    finished = tuple(name for name in tables if finish(context, name, say))
    finds = {name: partial(rows_in, context.lake, context.spec(name), person) for name in tables}
    with translating_errors("erase"):
        for name, find in finds.items():
            _refuse_crowd(context, name, find())
    removed = [remove(context, name, find, reason, say) for name, find in finds.items()]
    with translating_errors("erase"):
        texts = clear_texts(context.lake, person)
        left = what_is_left(context.lake, context.specs, person)
    done = Erasure(True, tuple(rows for rows in removed if rows is not None), texts, finished, left)
    return _not_empty(done, person)


def preview(context: Context, person: Person) -> Erasure:
    """Return what `erase` would do; nothing is written. Raises RequestRefused if there is nothing of the person."""
    with translating_errors("erase"):
        found = [rows_in(context.lake, context.spec(name), person) for name in _tables(context, person)]
        texts = quoting_texts(context.lake, person)
        left = what_is_left(context.lake, context.specs, person)
        finished = tuple(name for name in _tables(context, person) if _is_unfinished(context, name))
    planned = Erasure(False, tuple(rows.found for rows in found if rows is not None), texts, finished, left)
    return _not_empty(planned, person)


def _refuse_crowd(context: Context, dataset: str, rows: Rows | None) -> None:
    """Raise RequestRefused if values that stand for one person are those of most rows of a table."""
    table = context.lake.find_table(dataset)
    head = table.current_snapshot() if table is not None else None
    if rows is None or head is None or head.summary is None or rows.found.rows <= FEW:
        return
    total = int(head.summary["total-records"] or 0)
    if rows.found.rows > total / 2:
        raise RequestRefused(
            f"{dataset}: {rows.found.rows:,} of {total:,} rows have these values, so they identify no person; nothing "
            f"was erased. Give values that only one person has"
        )


def _is_unfinished(context: Context, dataset: str) -> bool:
    table = context.lake.find_table(dataset)
    return table is not None and unadopted_reason(context.lake, table) is not None


def _not_empty(found: Erasure, person: Person) -> Erasure:
    if not (found.tables or found.texts or found.finished or found.left.held):
        raise RequestRefused(
            f"{person}: no table holds such a record, no snapshot of one does, and nothing quotes it, so there is "
            f"nothing to erase. Correct the values"
        )
    return found


def _tables(context: Context, person: Person) -> list[str]:
    """Return the landed tables that may hold records of the person, or refused records that quote them."""
    specs = [*landed_with(context.specs, person), *quarantines(context.specs)]
    return list(dict.fromkeys(spec.dataset for spec in specs))


def check_reason_for(reason: str, person: Person) -> None:
    """Raise RequestRefused if a reason says too little, or if it names the person, because it stays on record."""
    text = check_sentence(reason)
    if any(quotes(text, value) for value in person.texts.values()):
        raise RequestRefused("reason: it stays on record, so it must not name the person; leave the value out")
