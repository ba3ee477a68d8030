"""What a person sees while a run goes on: one line a dataset, redrawn on a terminal, appended elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from infra.local.runs import RunState, Step

_OVER = ("success", "failed", "skipped", "upstream_failed", "removed")
LEGEND = "  one line a dataset: > running  + published  = nothing to do  x failed  . not run"
_ORDER = {"init": 0, "write_audit_publish": 1, "commit": 2}


class Display:
    """Shows runs as they go on."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()
        self._drawn = 0
        self._said: set[tuple[str, str]] = set()
        self._explained = False

    def title(self, text: str) -> None:
        """A line above what follows."""
        self._drawn = 0
        print(text, file=self._out, flush=True)
        if not self._explained:
            print(LEGEND, file=self._out, flush=True)
            self._explained = True

    def note(self, text: str) -> None:
        """A line between those of a run, which are then drawn anew below it."""
        self._drawn = 0
        print(text, file=self._out, flush=True)

    def show(self, state: RunState) -> None:
        """Bring the lines of a run up to date."""
        lines = [(group, _line(group, steps), _is_over(steps)) for group, steps in _groups(state.steps)]
        if self._live:
            self._redraw([line for _, line, _ in lines])
        else:
            self._append(state.run, lines)

    def _redraw(self, lines: list[str]) -> None:
        if self._drawn:
            self._out.write(f"\x1b[{self._drawn}F\x1b[J")
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)

    def _append(self, run: str, lines: Iterable[tuple[str, str, bool]]) -> None:
        for group, line, over in lines:
            if over and (run, group) not in self._said:
                self._said.add((run, group))
                print(line, file=self._out, flush=True)


def _groups(steps: tuple[Step, ...]) -> list[tuple[str, list[Step]]]:
    """Tasks by dataset, those that began first above; a task without a group stands alone."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.group or step.name, []).append(step)
    for part in found.values():
        part.sort(key=lambda step: _ORDER.get(step.name, 0))
    return list(found.items())


def _is_over(steps: list[Step]) -> bool:
    return all(step.state in _OVER for step in steps)


def _line(group: str, steps: list[Step]) -> str:
    seconds = sum(step.seconds for step in steps)
    took = f"{seconds:6.1f} s" if seconds else " " * 8
    return f"  {group:<24} {_mark(steps)} {_state(steps):<36} {took}".rstrip()


def _mark(steps: list[Step]) -> str:
    states = {step.state for step in steps}
    if "failed" in states:
        return "x"
    if _is_over(steps):
        return "." if "upstream_failed" in states else "+" if "skipped" not in states else "="
    return ">" if states & {"running", "queued", "up_for_retry"} or "success" in states else " "


def _state(steps: list[Step]) -> str:
    for step in steps:
        if step.state in ("failed", "up_for_retry"):
            again = ", tries again" if step.state == "up_for_retry" else ""
            return f"{step.name} failed{again}"
    if _is_over(steps):
        return _outcome(steps)
    current = next((step for step in steps if step.state not in _OVER), steps[-1])
    return f"{current.name}: {current.state}" if current.state != "waiting" else "waiting"


def _outcome(steps: list[Step]) -> str:
    states = [step.state for step in steps]
    if "upstream_failed" in states:
        return "not run"
    if "skipped" in states:
        return "nothing to do"
    return "published" if len(steps) > 1 else "done"
