"""What became of records: how many were taken, late, doubled or refused, by file. Pure counts and their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tidemark.support.text import count, count_of, printable

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
"""Units of time in seconds."""


@dataclass(frozen=True)
class Account:
    """The counts of one file, or of a whole session if `path` is None. A count is None if it does not apply.

    `late` counts the records whose event time lies before the instant through which the table was complete already.
    `late_most_s` is the largest distance from there in seconds, `late_typical_s` the median. `doubled` counts the
    records that equal an earlier one in everything that was logged. `counts` holds counts by their description: of a
    quarantine the refused records by kind of reason, otherwise what the function `accounted_by` of the spec found.
    """

    path: str | None = None
    taken: int | None = None
    late: int | None = None
    late_most_s: int | None = None
    late_typical_s: int | None = None
    doubled: int | None = None
    refused: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def remarkable(self) -> int:
        """How many things there are to look at, for sorting."""
        return (self.late or 0) + (self.doubled or 0) + (self.refused or 0) + sum(self.counts.values())


def total(accounts: Sequence[Account]) -> Account:
    """Return the sum of accounts. Its typical lateness is the files' median, weighted by their late records."""
    counts: Counter[str] = Counter()
    for account in accounts:
        counts.update(account.counts)
    return Account(
        taken=_sum([account.taken for account in accounts]),
        late=_sum([account.late for account in accounts]),
        late_most_s=max((a.late_most_s for a in accounts if a.late_most_s is not None), default=None),
        late_typical_s=_weighted_median(
            [(a.late_typical_s, a.late or 0) for a in accounts if a.late_typical_s is not None]
        ),
        doubled=_sum([account.doubled for account in accounts]),
        refused=_sum([account.refused for account in accounts]),
        counts=dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def by_interest(accounts: Sequence[Account]) -> list[Account]:
    """Return the accounts of single files, those with the most to look at first."""
    files = [account for account in accounts if account.path is not None]
    return sorted(files, key=lambda account: (-account.remarkable, account.path or ""))


def facts(account: Account) -> list[str]:
    """Return the account as short statements, one for each count that applies. Zeros of `late` and others are left out.

    If nothing but zeros is left, the statement is `nothing to remark`.
    """
    found = [f"{account.taken:,} taken"] if account.taken is not None else []
    if account.late:
        found.append(f"{account.late:,} late ({lateness(account)})")
    found += [f"{account.doubled:,} doubled"] if account.doubled else []
    found += [f"{account.refused:,} refused"] if account.refused is not None else []
    is_quarantine = account.refused is not None
    found += [f"{n:,} {what}" if is_quarantine else count_of(n, what) for what, n in account.counts.items()]
    return found or ["nothing to remark"]


def log_lines(accounts: Sequence[Account], most: int = 10) -> list[str]:
    """Return the account of a session for a log: the sum, one line for each fact, then the `most` remarkable files.

    Names and reasons are text from outside; characters that are not printable are escaped.
    """
    files = by_interest(accounts)
    first, *others = facts(total(accounts))
    lines = [f"account of {count(len(files), 'file')}: {first}"] if files else []
    lines += [f"  {fact}" for fact in others] if files else [f"account: {fact}" for fact in (first, *others)]
    if len(files) > 1:
        lines += [f"  {file.path}: {', '.join(facts(file))}" for file in files[:most]]
    if len(files) > most:
        lines.append(f"  and {count(len(files) - most, 'more file')}, see ops.record_accounts")
    return [printable(line) for line in lines]


def lateness(account: Account) -> str:
    """Return by how much records were late, such as `typically by 2 h, at most by 3.1 d`; empty if none was."""
    if not account.late or account.late_most_s is None or account.late_typical_s is None:
        return ""
    return f"typically by {_span(account.late_typical_s)}, at most by {_span(account.late_most_s)}"


def _span(seconds: int) -> str:
    unit, name = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    return f"{round(seconds / unit, 1):g} {name}"


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _weighted_median(weighted: Sequence[tuple[int, int]]) -> int | None:
    half, seen = sum(weight for _, weight in weighted) / 2, 0
    for value, weight in sorted(weighted):
        seen += weight
        if seen >= half:
            return value
    return None
