"""The label horizon: how many days of behaviour a label counts. Pure arithmetic on days, without Spark.

Unless the setting `label_horizon` gives it, the horizon follows the history: it is the longest of `CHOICES` for which
a training cut, a gap and a test cut fit in the days with traffic. Two windows and the days between two cuts always
hold one window that ends on a cut and a second one that ends where the first begins.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

AUTO = "auto"
"""The value of `label_horizon` with which the horizon follows the history."""
CHOICES = (28, 14, 7)
"""The horizons in days that the history can choose, longest first."""
HISTORY, SETTING = "history", "setting"

EPOCH = date(1970, 1, 1)
DAY_MICROS = 86_400_000_000

_SAID = ("found_by", "settled", "days_needed", "days")
"""The columns besides the horizon whose change makes a new row."""

Row = Mapping[str, Any]
Bounds = Mapping[str, tuple[Any, Any] | None]


@dataclass(frozen=True)
class Choice:
    """What the settings say: the horizon that is set (None: it follows the history), or else the choices."""

    by_hand: int | None
    choices: tuple[int, ...]
    cut_every: int

    @classmethod
    def of(cls, by_hand: int | None, longest: int, cut_every: int) -> "Choice":
        """Check the settings, all in days. Raises ValueError for a horizon that no cut or no window can hold."""
        choices = tuple(days for days in CHOICES if days <= longest and days % cut_every == 0)
        if by_hand is not None and by_hand % cut_every:
            raise ValueError(
                f"search.yaml: label_horizon ({by_hand}d) is not a multiple of labels.cut_every ({cut_every} days), so "
                "no training window would end where the test window begins; change one of the two"
            )
        if by_hand is not None and by_hand > longest:
            raise ValueError(
                f"search.yaml: label_horizon ({by_hand}d) is longer than longest_label_horizon ({longest}d), the "
                f"window that labels read; set longest_label_horizon to {by_hand}d as well"
            )
        if by_hand is None and not choices:
            raise ValueError(
                f"search.yaml: no horizon of {', '.join(f'{days}d' for days in CHOICES)} is a multiple of "
                f"labels.cut_every ({cut_every} days) and at most longest_label_horizon ({longest}d); set "
                "label_horizon to a number of days"
            )
        return cls(by_hand, choices, cut_every)

    def needed(self, horizon: int) -> int:
        """Return how many days of logs always hold a training window and a test window of this length."""
        return 2 * horizon + self.cut_every

    def longest_that_fits(self, days: int) -> int:
        """Return the longest choice that fits in so many days with traffic, or the shortest if none fits."""
        return next((horizon for horizon in self.choices if self.needed(horizon) <= days), self.choices[-1])


def next_row(known: Sequence[Row], found: Iterable[date], counts_on: bool, choice: Choice) -> dict[str, Any] | None:
    """Return the next row of `label_horizons`, or None if it would say nothing new.

    `known` are the rows so far. `found` are the days with requests: those of the added requests if `counts_on`, which
    are counted with the known days, otherwise those of all requests. The history never lowers a horizon that it chose.
    """
    last = in_force(known)
    days = {*found, *(last["days"] if last is not None and counts_on else ())}
    if not days:
        return None
    horizon = choice.by_hand if choice.by_hand is not None else _by_history(known, len(days), choice)
    changes = last is None or last["horizon_days"] != horizon
    is_longest = choice.by_hand is not None or horizon == choice.choices[0]
    row = {
        "horizon_days": horizon,
        "found_by": HISTORY if choice.by_hand is None else SETTING,
        "settled": is_longest and len(days) >= choice.needed(horizon),
        "history_days": len(days),
        "days_needed": choice.needed(horizon),
        "first_day": min(days),
        "last_day": max(days),
        "days": sorted(days),
        "since": max(days) if changes or last is None else last["since"],
        "horizon_before": last["horizon_days"] if changes and last is not None else None,
        "touched_days": sorted({*days, *(last["days"] if last is not None else ())}) if changes else [],
    }
    if last is not None and not changes and all(last[name] == row[name] for name in _SAID):
        return None
    return {"revision": last["revision"] + 1 if last is not None else 1, **row}


def in_force(rows: Iterable[Row]) -> Row | None:
    """Return the row with the largest revision; None without rows."""
    return max(rows, key=lambda row: int(row["revision"]), default=None)


def _by_history(known: Sequence[Row], days: int, choice: Choice) -> int:
    """Return the longest horizon that fits, but no shorter one than the history chose before."""
    before = [int(row["horizon_days"]) for row in known if row["found_by"] == HISTORY]
    kept = [horizon for horizon in before if horizon in choice.choices]
    return max([choice.longest_that_fits(days), *kept])


def holds_news(files: Sequence[Bounds], own: Sequence[Row]) -> bool:
    """Return false if no added request can change the horizon, by the bounds of the files (see `news_if`).

    Once a horizon is settled, nothing can. Before that, only a day without any request so far can.
    """
    last = in_force(own)
    if last is None:
        return True
    return not last["settled"] and any(_may_add_a_day(file, set(last["days"])) for file in files)


def _may_add_a_day(file: Bounds, known: set[date]) -> bool:
    """Return whether a file may hold a request of an unknown day. Bounds of timestamps are microseconds since 1970."""
    bounds = file.get("requested_at")
    if bounds is None:
        return True
    first, last = (bound // DAY_MICROS for bound in bounds)
    return any(EPOCH + timedelta(days=number) not in known for number in range(first, last + 1))
