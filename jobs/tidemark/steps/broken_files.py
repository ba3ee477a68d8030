"""Name the file of an input that made the engine fail: the engine's own error often does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemark.catalog.filters import in_ranges
from tidemark.catalog.storage import check_data
from tidemark.errors import StorageError
from tidemark.state.plan import InputPlan, Plan
from tidemark.steps.context import Context
from tidemark.support.error_translation import engine_errors


@contextmanager
def naming_broken_files(context: Context, plan: Plan) -> Iterator[None]:
    """Turn an engine error about a data file of an input into a StorageError that names the file.

    Other errors, and engine errors for which no broken file is found, pass unchanged.
    """
    try:
        yield
    except engine_errors() as error:
        if "parquet" not in str(error).lower():
            raise
        try:
            for name, read in plan.inputs.items():
                _check(context, plan, name, read)
        except StorageError as broken:
            raise broken from error
        raise


def _check(context: Context, plan: Plan, name: str, read: InputPlan) -> None:
    table = context.lake.table(read.dataset)
    event_time = context.input_event_time(context.spec(plan.dataset), name)
    where = None if read.reads is None or event_time is None else in_ranges(table, event_time.name, read.reads)
    check_data(table, read.read_snapshot, where)
