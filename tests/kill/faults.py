"""Inject faults: functions of the loop are wrapped, and only in the child process."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.exc import OperationalError

import tidemark.engine.session
from tests.kill.gates import Gate, wait_at_gate
from tests.kill.points import Point
from tidemark.settings import Settings

Action = Literal["die", "fail", "let the late commit in", "kill the server"]


@dataclass(frozen=True)
class Fault:
    """What happens at a point. By default, it is the action of the point.

    The process dies; or a call fails (before: it never arrived; after: its answer was lost); or a write
    that waits at `gate` in Spark continues; or Spark's server dies.
    """

    point: Point
    gate: Gate | None = None
    action: Action | None = None


def arm(fault: Fault) -> None:
    """Wrap the function of the fault's point, so that the fault happens at its first matching call."""
    if fault.action == "kill the server":
        tidemark.engine.session.RETRIES = (
            3  # its client asks again only a few times: half a minute each would be waited here
        )
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

    is_static = isinstance(inspect.getattr_static(holder, name), staticmethod)
    setattr(holder, name, staticmethod(wrapped) if is_static else wrapped)


def _before(fault: Fault, genuine: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    _happen(fault)
    return genuine(*given, **named)


def _after(fault: Fault, genuine: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    result = genuine(*given, **named)
    _happen(fault)
    return result


def _during(fault: Fault, genuine: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Let the rows of the write wait in Spark; as soon as they wait, the client dies."""
    assert fault.gate is not None
    gate, (spec, plan, rows, branch, attempt) = fault.gate, given
    gate.belongs_to(branch, attempt)

    def happen_when_reached() -> None:
        gate.await_reached()
        _happen(fault)

    threading.Thread(target=happen_when_reached, daemon=True).start()
    return genuine(spec, plan, wait_at_gate(rows, gate), branch, attempt, **named)


def _happen(fault: Fault) -> None:
    action = fault.action or fault.point.action
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "fail":
        raise OperationalError("COMMIT", {}, TimeoutError("the server did not answer"))
    assert fault.gate is not None
    if action == "let the late commit in":
        fault.gate.open_and_await_commit()
    else:
        _kill_server(fault.gate.settings)


def _kill_server(settings: Settings) -> None:
    """Kill the home's server, as the kernel does for lack of memory."""
    state = json.loads((settings.run / "spark-connect.json").read_text(encoding="utf-8"))
    os.killpg(int(state["pid"]), signal.SIGKILL)


def _inside(function: str) -> Callable[[], bool]:
    """Return a function that says whether `function` is running now."""
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
