"""An explanation in words: the chain as an indented tree, and the landed files at its ends as a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tidemark.operate.origin.chain import Delivery, Explanation, Origin, Step, deliveries
from tidemark.spec import DatasetSpec
from tidemark.state.ranges import format_instant
from tidemark.support.text import printable

LONGEST = 120
"""The most characters that are shown of one value."""
INPUT_ROWS = 3
"""The most rows that are shown of an input."""
FILES = 50
"""The most landed files that are listed."""


def explanation_lines(found: Explanation, specs: Mapping[str, DatasetSpec]) -> list[str]:
    """Return the lines to print. Values come from outside, so characters that are not printable are escaped."""
    step = found.row
    more = "at least " if step.more else ""
    lines = [f"{step.dataset}: {more}{_rows(step.count)} with these keys, at snapshot {step.snapshot}"]
    lines += [f"  {_row(row, list(row))}" for row in step.rows]
    if step.count > len(step.rows):
        lines.append(f"  only these {len(step.rows)} are explained; give more columns of the grain")
    lines += [f"  in {release.release} of {format_instant(release.released_at)}" for release in found.releases]
    lines += _origins(step, specs, "  ")
    lines += _files(list(deliveries(step)))
    return [printable(line) for line in lines]


def _origins(step: Step, specs: Mapping[str, DatasetSpec], indent: str) -> Iterator[str]:
    for origin in step.origins:
        yield f"{indent}{_session(origin)}"
        for file in origin.files[:FILES]:
            place = f", place {', '.join(map(str, file.places))}" if file.places else ""
            yield f"{indent}  {'one of: ' if file.one_of else ''}file {file.path}{place}"
        for read in origin.inputs:
            yield from _input(read, specs, f"{indent}  ")
    if step.untraced:
        yield f"{indent}and {step.untraced} more sessions, which are not followed; give more columns of the grain"


def _input(step: Step, specs: Mapping[str, DatasetSpec], indent: str) -> Iterator[str]:
    number = ("at least " if step.more else "") + _rows(step.count)
    yield f"{indent}{step.input}: {step.dataset} at snapshot {step.snapshot}, {number} {step.matched}"
    shown = _columns(step, specs[step.dataset])
    yield from (f"{indent}  {_row(row, shown)}" for row in step.rows[:INPUT_ROWS])
    if step.rows and step.count > INPUT_ROWS:
        yield f"{indent}  and {step.count - INPUT_ROWS} more"
    if step.note:
        yield f"{indent}  {step.note}"
    yield from _origins(step, specs, f"{indent}  ")


def _session(origin: Origin) -> str:
    if not origin.session:
        return f"{_rows(origin.rows)} of snapshot {origin.snapshot}: {origin.note}"
    parts = [f"{_rows(origin.rows)} by session {origin.session}", origin.cause]
    parts += [f"because: {origin.reason}"] if origin.reason else []
    parts += [f"run {origin.run}"] if origin.run else []
    parts += [f"clock {format_instant(origin.planned_at)}"] if origin.planned_at else []
    parts += [f"snapshot {origin.snapshot}", origin.note]
    return ", ".join(part for part in parts if part)


def _columns(step: Step, spec: DatasetSpec) -> list[str]:
    """Return the columns to show of an input's rows: all of a single row, otherwise the grain and the event time."""
    if len(step.rows) == 1:
        return [name for name in spec.columns if name in step.rows[0]]
    return [name for name in (*spec.grain, spec.event_time) if name is not None]


def _row(row: Mapping[str, Any], columns: list[str]) -> str:
    shown = {name: row[name] for name in dict.fromkeys(columns) if row.get(name) is not None}
    return "  ".join(f"{name}={_cut(value)}" for name, value in shown.items())


def _cut(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _rows(number: int) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'}"


def _files(found: list[Delivery]) -> list[str]:
    """Return the landed files that were reached, each once, with the tables that took their records in."""
    tables: dict[tuple[str, str], set[str]] = {}
    for delivery in found:
        file = delivery.file
        tables.setdefault((file.path, file.file_id), set()).add(f"{delivery.dataset} ({delivery.session})")
    if not tables:
        return ["landed files: none was reached"]
    listed = [
        f"  {path}  sha256 {file_id}  into {', '.join(sorted(names))}"
        for (path, file_id), names in sorted(tables.items())[:FILES]
    ]
    left = len(tables) - len(listed)
    return [f"landed files: {len(tables)}", *listed, *([f"  and {left} more"] if left else [])]
