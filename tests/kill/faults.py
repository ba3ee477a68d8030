"""Faults are brought in from outside: functions of the loop are wrapped in the child, and only there."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.exc import OperationalError

from tests.kill.gates import Gate, held
from tests.kill.points import Point

Action = Literal["die", "fail", "let the late commit in"]


@dataclass(frozen=True)
class Fault:
    """What happens at a point: the process dies, or the call fails (before it: it never arrived; after it: its
    answer was lost), or a write that waits in Spark goes on. `gate` is where it waits."""

    point: Point
    action: Action = "die"
    gate: Gate | None = None


def arm(fault: Fault) -> None:
    """Wrap the function of the fault's point, so that the fault happens at its first call that counts."""
    point = fault.point
    counts = _inside(point.inside) if point.inside else lambda: True
    holder, name = _place(point.function)
    genuine = getattr(holder, name)
    happens = {"before": _before, "during": _during, "after": _after}[point.when]

    @functools.wraps(genuine)
    def wrapped(*given: Any, **named: Any) -> Any:
        if not counts() or (point.table is not None and point.table not in given):
            return genuine(*given, **named)
        return happens(fault, genuine, given, named)

    setattr(holder, name, wrapped)


def _before(fault: Fault, genuine: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    _happen(fault)
    return genuine(*given, **named)


def _after(fault: Fault, genuine: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    result = genuine(*given, **named)
    _happen(fault)
    return result


def _during(fault: Fault, genuine: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The rows of the write wait in Spark; as soon as they do, the client dies."""
    assert fault.gate is not None
    gate, (spec, plan, rows, branch, attempt) = fault.gate, given
    gate.belongs_to(branch, attempt)
    threading.Thread(target=lambda: (gate.await_reached(), _happen(fault)), daemon=True).start()
    return genuine(spec, plan, held(rows, gate), branch, attempt, **named)


def _happen(fault: Fault) -> None:
    if fault.action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault.action == "let the late commit in":
        assert fault.gate is not None
        fault.gate.open_and_await_commit()
    else:
        raise OperationalError("COMMIT", {}, TimeoutError("the server did not answer"))


def _inside(function: str) -> Callable[[], bool]:
    """Whether a function is running just now."""
    holder, name = _place(function)
    genuine = getattr(holder, name)
    depth = threading.local()

    @functools.wraps(genuine)
    def wrapped(*given: Any, **named: Any) -> Any:
        depth.now = getattr(depth, "now", 0) + 1
        try:
            return genuine(*given, **named)
        finally:
            depth.now -= 1

    setattr(holder, name, wrapped)
    return lambda: getattr(depth, "now", 0) > 0


def _place(function: str) -> tuple[Any, str]:
    module, _, path = function.partition(":")
    *outer, name = path.split(".")
    return functools.reduce(getattr, outer, importlib.import_module(module)), name

