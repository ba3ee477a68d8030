"""A preview of a rebuild in words, for the log, the command line and the approval form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tidemark.operate.preview import Files, Preview
from tidemark.state.ranges import describe
from tidemark.support.text import count

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def preview_lines(found: Preview | None) -> list[str]:
    """Return one fact per line, without padding, so that a narrow log viewer shows each of them whole."""
    if found is None:
        return ["nothing to do: a session has carried out this request already"]
    dataset = found.plan.dataset
    filled = "" if found.filled == found.partitions else f", {found.filled:,} of which have rows"
    lines = [f"{dataset}: rebuilds {count(found.partitions, 'partition')}{filled}: {describe(found.ranges)}"]
    lines.append(f"replaces {_files(found.replaced)} of {dataset}")
    lines += [f"reads {_files(read)} of {found.plan.inputs[name].dataset}" for name, read in found.read.items()]
    lines.append(f"expected time: {_expected(found)}")
    names = ", ".join(found.followers)
    lines.append(f"then follow, as far as rows differ: {names}" if names else "no dataset reads it")
    return lines


def facts(found: Preview) -> dict[str, Any]:
    """Return the facts of a preview apart from its plan, for a program. The expected time is in seconds."""
    return {
        "partitions": found.partitions,
        "filled": found.filled,
        "replaced": found.replaced,
        "read": found.read,
        "expected_seconds": found.expected.total_seconds() if found.expected is not None else None,
        "measured": found.measured,
        "followers": found.followers,
    }


def _files(held: Files) -> str:
    return f"{count(held.rows, 'row')}, {_size(held.size)} in {count(held.files, 'file')}"


def _size(size: float) -> str:
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"


def _expected(found: Preview) -> str:
    if found.expected is None:
        return "unknown, because no rebuild of this table is on record"
    return f"about {_duration(found.expected)}, by {count(found.measured, 'earlier rebuild')}"


def _duration(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    if seconds < 100:
        return f"{seconds} s"
    return f"{round(seconds / 60):,} min" if seconds < 6000 else f"{seconds / 3600:,.1f} h"
