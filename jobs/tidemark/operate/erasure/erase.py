"""Erase a person: the order of the work. Each part may end at any point, and the same command goes on from there."""

from __future__ import annotations

from functools import partial

from pyiceberg.expressions import BooleanExpression

from tidemark.errors import RequestRefused
from tidemark.operate.erasure.account import Erasure
from tidemark.operate.erasure.find import quarantines, rows_in, rows_to_erase
from tidemark.operate.erasure.left import what_is_left
from tidemark.operate.erasure.person import Person, landed_with
from tidemark.operate.erasure.quotes import quotes
from tidemark.operate.erasure.removal import finish, remove, unadopted_reason
from tidemark.operate.erasure.texts import clear_texts, quoting_texts
from tidemark.session import Say
from tidemark.settings.run_parameters import check_reason
from tidemark.steps.context import Context
from tidemark.support.error_translation import translating_errors

WORDS = 3
"""The least number of words in a reason. It is all that the record says about an erasure later."""


def erase(context: Context, person: Person, reason: str, say: Say = print) -> Erasure:
    """Erase the person's records from main of all landed tables, and what quotes the person beside them.

    Raises RequestRefused if the reason says too little or names the person, or if there is nothing to erase, and
    TargetChanged, before anything is removed, if a table was changed by other means than the loop.
    """
    check_reason_for(reason, person)
    finished = tuple(name for name in _tables(context, person) if finish(context, name, say))
    with translating_errors("erase"):
        rows = rows_to_erase(context.lake, context.specs, person)
        if not (rows or finished or quoting_texts(context.lake, person)):
            raise RequestRefused(_no_rows(person))
    for each in rows:
        remove(context, each.found.dataset, partial(_condition, context, person, each.found.dataset), reason, say)
    with translating_errors("erase"):
        texts = clear_texts(context.lake, person)
        left = what_is_left(context.lake, context.specs, person)
    return Erasure(True, tuple(each.found for each in rows), texts, finished, left)


def preview(context: Context, person: Person) -> Erasure:
    """Return what `erase` would do; nothing is written. Raises RequestRefused if there is nothing to erase."""
    with translating_errors("erase"):
        rows = rows_to_erase(context.lake, context.specs, person)
        texts = quoting_texts(context.lake, person)
        tables = ((name, context.lake.find_table(name)) for name in _tables(context, person))
        finished = tuple(
            name for name, table in tables if table is not None and unadopted_reason(context.lake, table) is not None
        )
        if not (rows or finished or texts):
            raise RequestRefused(_no_rows(person))
        left = what_is_left(context.lake, context.specs, person)
    return Erasure(False, tuple(each.found for each in rows), texts, finished, left)


def _tables(context: Context, person: Person) -> list[str]:
    """Return the landed tables that may hold records of the person, or refused records that quote them."""
    specs = [*landed_with(context.specs, person), *quarantines(context.specs)]
    return list(dict.fromkeys(spec.dataset for spec in specs))


def _condition(context: Context, person: Person, dataset: str) -> BooleanExpression | None:
    """Return the condition for the rows of one table that main holds now; None if there is none."""
    found = rows_in(context.lake, context.spec(dataset), person)
    return found.where if found is not None else None


def check_reason_for(reason: str, person: Person) -> None:
    """Raise RequestRefused if a reason says too little, or if it names the person, because it stays on record."""
    text = check_reason(reason).strip()
    if len(text.split()) < WORDS:
        raise RequestRefused(f"reason: {text!r} is not a sentence; write at least {WORDS} words that explain it")
    if any(quotes(text, value) for value in person.texts.values()):
        raise RequestRefused("reason: it stays on record, so it must not name the person; leave the value out")


def _no_rows(person: Person) -> str:
    return (
        f"{person}: no landed table holds such a record, and nothing quotes it, so there is nothing to erase. Whether "
        f"all derived tables have followed an earlier erasure: tidemark erase --check with the same values"
    )
