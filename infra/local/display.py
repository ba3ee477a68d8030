"""Show the progress of a run: one line per dataset, redrawn on a terminal, appended elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from infra.local.runs import RunState, Step

_ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")
LEGEND = "  one line per dataset: > running  + published  = nothing to do  x failed  . not run"
_ORDER = {"init": 0, "write_audit_publish": 1, "commit": 2}


class Display:
    """Prints the progress of runs."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()
        self._drawn = 0
        self._printed: set[tuple[str, str]] = set()
        self._explained = False

    def title(self, text: str) -> None:
        """Print a title above the lines that follow; the first title also explains the symbols."""
        self._drawn = 0
        print(text, file=self._out, flush=True)
        if not self._explained:
            print(LEGEND, file=self._out, flush=True)
            self._explained = True

    def note(self, text: str) -> None:
        """Print a line among those of a run. The lines of the run are then drawn again below it."""
        self._drawn = 0
        print(text, file=self._out, flush=True)

    def show(self, state: RunState) -> None:
        """Update the lines of a run."""
        lines = [(group, _line(group, steps), _has_ended(steps)) for group, steps in _groups(state.steps)]
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
        for group, line, ended in lines:
            if ended and (run, group) not in self._printed:
                self._printed.add((run, group))
                print(line, file=self._out, flush=True)


def _groups(steps: tuple[Step, ...]) -> list[tuple[str, list[Step]]]:
    """Group the tasks by dataset, in the order of their first task. A task without a group is a group of its own."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.group or step.name, []).append(step)
    for part in found.values():
        part.sort(key=lambda step: _ORDER.get(step.name, 0))
    return list(found.items())


def _has_ended(steps: list[Step]) -> bool:
    return all(step.state in _ENDED for step in steps)


def _line(group: str, steps: list[Step]) -> str:
    seconds = sum(step.seconds for step in steps)
    took = f"{seconds:6.1f} s" if seconds else " " * 8
    return f"  {group:<24} {_symbol(steps)} {_describe(steps):<36} {took}".rstrip()


def _symbol(steps: list[Step]) -> str:
    states = {step.state for step in steps}
    if "failed" in states:
        return "x"
    if _has_ended(steps):
        return "." if "upstream_failed" in states else "+" if "skipped" not in states else "="
    return ">" if states & {"running", "queued", "up_for_retry"} or "success" in states else " "


def _describe(steps: list[Step]) -> str:
    for step in steps:
        if step.state in ("failed", "up_for_retry"):
            again = ", will be retried" if step.state == "up_for_retry" else ""
            return f"{step.name} failed{again}"
    if _has_ended(steps):
        return _outcome(steps)
    current = next((step for step in steps if step.state not in _ENDED), steps[-1])
    return f"{current.name}: {current.state}" if current.state != "waiting" else "waiting"


def _outcome(steps: list[Step]) -> str:
    states = [step.state for step in steps]
    if "upstream_failed" in states:
        return "not run"
    if "skipped" in states:
        return "nothing to do"
    return "published" if len(steps) > 1 else "done"
