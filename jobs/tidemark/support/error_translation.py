"""Translate errors of the catalog, the storage and Spark into our own: where, what, and what to do next.

A step that knows which file it read raises its own error (catalog/storage.py). The functions here are put around each
call that a person or a scheduler makes, so that neither of them sees an untranslated error of a library.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tidemark import errors
from tidemark.errors import EngineError, StorageError, TidemarkError, TransformRefused, WriteError
from tidemark.support.text import printable

Scope = TypeVar("Scope")
Rest = ParamSpec("Rest")
Given = TypeVar("Given")

AGAIN = "run the session again. It resumes where it stopped; readers still see the last published data"
_OURS = re.compile(r"tidemark\.errors\.(\w+): (.+)")
_STAGE = re.compile(r"Job aborted due to stage failure: .*?\(TID \d+\) \([^)]*\): ")
_LONGEST = 400
"""Characters of a library's message that are shown."""

_LOG = logging.getLogger(__name__)


def translate_errors(
    step: Callable[Concatenate[Scope, str, Rest], Given],
) -> Callable[Concatenate[Scope, str, Rest], Given]:
    """Decorate a function whose second argument is the dataset's name, so that it raises our own errors.

    The original error is kept as the cause. An error that has no translation, such as a bug, is raised unchanged.
    """

    @wraps(step)
    def translating_step(scope: Scope, dataset: str, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Given:
        with translating_errors(dataset):
            return step(scope, dataset, *args, **kwargs)

    return translating_step


@contextmanager
def translating_errors(where: str) -> Iterator[None]:
    """Translate the errors that a block of code raises; the message begins with `where`."""
    try:
        yield
    except Exception as error:
        translated = translate(error, where)
        if translated is None:
            raise
        raise translated from error


@contextmanager
def translating_refusals(dataset: str, transform: str) -> Iterator[None]:
    """Run a transform (`package.module:function`) and translate its own ValueError into TransformRefused.

    A transform raises ValueError to refuse its inputs or settings. A ValueError that a library raises is no refusal
    and is raised unchanged, because a library does not know inputs and settings.
    """
    try:
        yield
    except ValueError as error:
        if _raising_package(error) != transform.split(".")[0]:
            raise
        _LOG.info("%s: %s refuses its inputs", dataset, transform, exc_info=error)  # in case it is a bug
        reason = printable(_first_line(error))  # the message may quote a record
        raise TransformRefused(f"{dataset}: {transform} refuses its inputs or settings: {reason}") from error


def _raising_package(error: ValueError) -> str:
    """Return the top-level package whose code raised the error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return str(name).split(".")[0]


def translate(error: Exception, where: str) -> TidemarkError | None:
    """Return the error as one of our own; None if it is one already, or if it has no translation."""
    if isinstance(error, TidemarkError):
        return None
    if isinstance(error, SQLAlchemyError):
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        return EngineError(
            f"{where}: the catalog does not answer: {_first_line(cause)}. Check the catalog's database, then {AGAIN}"
        )
    if isinstance(error, OSError):
        return StorageError(
            f"{where}: the storage refused: {_first_line(error)}. Free disk space and check permissions, then {AGAIN}"
        )
    if type(error).__module__.startswith("pyiceberg."):
        return EngineError(f"{where}: the catalog refused: {_first_line(error)}. Correct the cause, then {AGAIN}")
    return _translate_engine_error(error, where)


def engine_errors() -> tuple[type[Exception], ...]:
    """Return the base class of the errors of Spark's client; empty if this process has not imported pyspark."""
    base = getattr(sys.modules.get("pyspark.errors"), "PySparkException", None)
    return (base,) if base is not None else ()


def _translate_engine_error(error: Exception, where: str) -> TidemarkError | None:
    if not isinstance(error, engine_errors()):
        return None
    ours = _OURS.search(str(error))
    if ours is not None:  # our own code raised it on a worker
        kind = getattr(errors, ours.group(1), EngineError)
        raised_on_worker: TidemarkError = kind(ours.group(2).strip())
        return raised_on_worker
    line = _first_line(error)
    if type(error).__name__ in ("AnalysisException", "ParseException"):
        return WriteError(f"{where}: Spark refuses the query: {line}. Correct the transform or the tables")
    if "iceberg.jdbc" in str(error):
        return EngineError(
            f"{where}: the catalog does not answer Spark: {line}. Check the catalog's database, then {AGAIN}"
        )
    return EngineError(f"{where}: Spark did not finish: {line}. See logs/spark-connect.log, then {AGAIN}")


def _first_line(error: BaseException) -> str:
    """Return the first line of the message, without Spark's account of tasks and stages; cut at _LONGEST."""
    text = _STAGE.sub("", str(error)).strip() or type(error).__name__
    line = text.splitlines()[0].rstrip(". ")
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."
