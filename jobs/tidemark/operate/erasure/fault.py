"""Why a table may still count a person, and what changes that, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidemark.state.ranges import Ranges, describe, format_instant
from tidemark.support.text import count


@dataclass(frozen=True)
class Fault:
    """Why a snapshot may count the person. `remedy` is what a person has to do; empty if the next session is enough."""

    why: str
    remedy: str = ""


def holds_rows(number: int, remedy: str) -> Fault:
    """Rows of the person are in the table itself."""
    return Fault(f"it holds {count(number, 'row')} of the person", remedy)


def unreadable() -> Fault:
    """The rows cannot be looked at, so they prove nothing."""
    return Fault("this snapshot cannot be read any more, so it proves nothing")


def not_on_record(dataset: str) -> Fault:
    """No watermark says what the rows follow from."""
    return Fault("which inputs it was built from is not on record", f"tidemark run {dataset} --resync --reason WHY")


def owes(ranges: Ranges) -> Fault:
    """Ranges are not rebuilt yet."""
    return Fault(f"it owes {describe(ranges)}")


def overdue(dataset: str, ranges: Ranges) -> Fault:
    """Ranges wait for a person."""
    backfills = ", and ".join(
        f"tidemark run {dataset} --from {format_instant(each.start)} --to {format_instant(each.end)} --reason WHY"
        for each in ranges
    )
    return Fault(f"{describe(ranges)} is overdue and waits for a backfill", backfills)


def retention(dataset: str, input_name: str, held_from: datetime) -> Fault:
    """Rows follow from input rows that are gone, and are kept for that reason."""
    return Fault(
        f"its rows before {format_instant(held_from)} follow from rows of {input_name} that retention has removed, so "
        f"nothing shows whom they count",
        f"no session rebuilds these rows: move {dataset} aside and build it from what its inputs hold",
    )


def version(name: str, dataset: str, snapshot: int, fault: Fault) -> Fault:
    """The rows were made by a version that may count the person."""
    return Fault(
        f"it serves {name}, made from {dataset} at snapshot {snapshot}: {fault.why}",
        "a version that was made after the erasure has to be served",
    )


def unknown_version(name: str) -> Fault:
    """The rows were made by a version, and it is not known what that was made from."""
    return Fault(f"it serves {name}, and what that was made from is not on record", "another version has to be served")


def built_from(dataset: str, snapshot: int, fault: Fault) -> Fault:
    """An input, as it was read, may count the person."""
    return Fault(f"it was built from {dataset} at snapshot {snapshot}: {fault.why}")


def unknown_input(name: str) -> Fault:
    """The spec has changed since, and no longer says what an input was."""
    return Fault(f"it was built from an input {name}, which its spec no longer has")


def built_from_earlier_table(dataset: str) -> Fault:
    """An input was dropped and created again since."""
    return Fault(f"it was built from an earlier table of the name {dataset}")
