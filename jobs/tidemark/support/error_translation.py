"""What catalog, storage and engine raise, told as our own errors: where, what, and what to do next.

Steps that know which file they read say so themselves (`lake.storage`). This is the border behind them, put
around each call that a person or a scheduler makes, so that no library's error reaches either of them bare.
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

AGAIN = "Then run it again: it goes on where it stopped; readers see what was published before"
_OURS = re.compile(r"tidemark\.errors\.(\w+): (.+)")
_STAGE = re.compile(r"Job aborted due to stage failure: .*?\(TID \d+\) \([^)]*\): ")
_LONGEST = 400
_LOG = logging.getLogger(__name__)


def translate_errors(
    step: Callable[Concatenate[Scope, str, Rest], Given],
) -> Callable[Concatenate[Scope, str, Rest], Given]:
    """Decorate a call whose second argument names the dataset: it raises errors of ours, with the cause kept.

    What we do not know (a bug among it) passes as it is.
    """

    @wraps(step)
    def translating_step(scope: Scope, dataset: str, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Given:
        with translating_errors(dataset):
            return step(scope, dataset, *args, **kwargs)

    return translating_step


@contextmanager
def translating_errors(where: str) -> Iterator[None]:
    """The same for a piece of code; `where` opens the sentence."""
    try:
        yield
    except Exception as error:
        ours = translate(error, where)
        if ours is None:
            raise
        raise ours from error


@contextmanager
def translating_refusals(dataset: str, transform: str) -> Iterator[None]:
    """Around a transform (`package.module:function`): its own ValueError is a refusal and raises TransformRefused.

    That of a library that it calls is none: it knows nothing of inputs and settings, and passes as it is.
    """
    try:
        yield
    except ValueError as error:
        if _raised_in(error) != transform.split(".")[0]:
            raise
        _LOG.info("%s: %s refuses", dataset, transform, exc_info=error)  # it may be a bug all the same
        what = printable(_short(error))  # it may quote a record
        raise TransformRefused(f"{dataset}: {transform} refuses what it was given: {what}") from error


def _raised_in(error: ValueError) -> str:
    """The package whose code raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return str(name).split(".")[0]


def translate(error: Exception, where: str) -> TidemarkError | None:
    """The error as one of ours; None for one of ours already, and for what no border of ours raised."""
    if isinstance(error, TidemarkError):
        return None
    if isinstance(error, SQLAlchemyError):
        return EngineError(f"{where}: the catalog does not answer: {_of_catalog(error)}. See to it. {AGAIN}")
    if isinstance(error, OSError):
        return StorageError(f"{where}: the storage refused: {_short(error)}. See to space and rights. {AGAIN}")
    if type(error).__module__.startswith("pyiceberg."):
        return EngineError(f"{where}: the catalog refused: {_short(error)}. {AGAIN}")
    return _of_engine(error, where)


def engine_errors() -> tuple[type[Exception], ...]:
    """What Spark's client raises; nothing where no engine was asked in this process."""
    base = getattr(sys.modules.get("pyspark.errors"), "PySparkException", None)
    return (base,) if base is not None else ()


def _of_engine(error: Exception, where: str) -> TidemarkError | None:
    if not isinstance(error, engine_errors()):
        return None
    raised = _OURS.search(str(error))
    if raised is not None:  # by our own code on a worker
        kind = getattr(errors, raised.group(1), EngineError)
        told_there: TidemarkError = kind(raised.group(2).strip())
        return told_there
    if type(error).__name__ in ("AnalysisException", "ParseException"):
        return WriteError(f"{where}: Spark refuses the query: {_short(error)}. Correct the transform or the tables")
    if "iceberg.jdbc" in str(error):
        return EngineError(f"{where}: the catalog does not answer Spark: {_short(error)}. See to it. {AGAIN}")
    return EngineError(f"{where}: Spark did not finish: {_short(error)}. See logs/spark-connect.log. {AGAIN}")


def _of_catalog(error: SQLAlchemyError) -> str:
    return _short(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else _short(error)


def _short(error: BaseException) -> str:
    """The first line that says something, without the engine's account of tasks and stages."""
    text = _STAGE.sub("", str(error)).strip() or type(error).__name__
    line = text.splitlines()[0].rstrip(". ")
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."
