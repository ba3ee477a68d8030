"""Named points at which a process dies: an exception that nothing in the loop catches, thrown once."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException

from tidemark.catalog import Lake, ops
from tidemark.catalog.properties import WATERMARK
from tidemark.steps import audit, init, publish, write


class Died(BaseException):
    """The process is gone."""


Place = tuple[Any, str, Callable[..., bool]]


def _any(*_: Any, **__: Any) -> bool:
    return True


def _closes(_: Any, name: str, *__: Any) -> bool:
    return name == "ops.high_watermarks"


def _moves_watermark(_: Any, __: Any, ___: Any, updates: Any) -> bool:
    return any(WATERMARK in getattr(update, "updates", {}) for update in updates)


PLACES: dict[str, Place] = {
    "plan stored": (init, "store", _any),
    "branch made": (Lake, "create_branch", _any),
    "rows staged": (write, "_write", _any),
    "audit": (audit, "audit", _any),
    "publish": (publish, "publish_watermark", _any),
    "commit of main": (SqlCatalog, "commit_table", _moves_watermark),
    "session closed": (ops, "append", _closes),
    "branch removed": (Lake, "remove_branch", _any),
}
POINTS = (*tuple(f"{when} {place}" for place in PLACES for when in ("before", "after")), "refused after commit of main")
"""The points that a test can choose. The last one is not a death: the commit lands, but the client sees a refusal."""


@contextlib.contextmanager
def dying(point: str | None, late: list[Callable[[], Any]]) -> Iterator[None]:
    """Die once at a point. If that cuts off a write, it is added to `late`: the engine may still carry it out."""
    if point is None:
        yield
        return
    when, _, rest = point.partition(" ")
    owner, name, applies = PLACES[rest.removeprefix("after ")]
    original = getattr(owner, name)
    left = [1]

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not left or not applies(*args, **kwargs):
            return original(*args, **kwargs)
        left.clear()
        if when == "before":
            if name == "_write":
                late.append(lambda: original(*args, **kwargs))
            raise Died(point)
        original(*args, **kwargs)
        raise CommitFailedException("refused") if when == "refused" else Died(point)

    with patch.object(owner, name, wrapped):
        yield
