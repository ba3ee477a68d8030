"""The parameters of a demo world: every number that shapes it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

POLICIES = ("easy", "plain", "stuck")
CHOICES = ("random", "queries", "pooled", "head", "most_clicked")
"""How the pairs for human grades are chosen (see infra.demo.grading)."""
DEVICES = ("desktop", "phone")
SHOWN = 10
"""Results shown per request."""
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
LARGEST_SCALE = 60.0
_SHARE = (0.0, 1.0)
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("cold_queries", "exchange", "duplicates", "skewed_sessions", "grade_flips"), _SHARE),
    **dict.fromkeys(("eta", "eta_after_drift", "clickbait_sigma", "clickbait_dwell"), (0.0, 3.0)),
    "scale": (0.02, LARGEST_SCALE),
    "requests_a_day": (1, 1_000_000),
    "base_queries": (48, 3_000),
    "drift_day": (0, 1_000_000),
    "trust_bias": (0.0, 10.0),
    "outages_a_day": _SHARE,
    "odd_clients": (0.0, 1_000.0),
    "grades": (0, 1_000_000),
}
"""The least and the largest value of each parameter that a command can set."""


class WorldError(Exception):
    """The requested demo world cannot be made; the message says what to do."""


@dataclass(frozen=True)
class Parameters:
    """Everything that the logs of a day depend on, besides the day's number.

    Probabilities are between 0 and 1. `scale` multiplies the traffic; the numbers of queries and items grow with its
    square root.
    """

    first_day: str
    seed: int = 7
    scale: float = 1.0
    policy: str = "plain"
    clickbait: str = "usual"
    application: str = "demo_shop"
    base_queries: int = 320
    cold_queries: float = 0.12
    """Share of the queries that nobody sends."""
    candidates: int = 20
    requests_a_day: int = 600
    zipf: float = 1.0
    weekly_season: tuple[float, ...] = (1.0, 0.95, 0.95, 1.0, 1.05, 1.15, 1.2)
    eta: tuple[float, ...] = (0.6, 0.85)
    eta_after_drift: tuple[float, ...] = (0.6, 1.1)
    drift_day: int = 60
    trust_bias: float = 0.15
    attraction: tuple[float, ...] = (0.10, 0.16, 0.28, 0.52, 1.0)
    attraction_of_best: float = 0.5
    clickbait_sigma: float = 0.6
    """Twice as much if `clickbait` is hard."""
    clickbait_dwell: float = 0.7
    """How much clickbait shortens the stay: the odds of a long click are divided by clickbait to this power."""
    long_click: tuple[float, ...] = (0.12, 0.25, 0.45, 0.65, 0.82)
    purchase_of_long_click: tuple[float, ...] = (0.01, 0.02, 0.04, 0.07, 0.10)
    cart_without_purchase: float = 0.5
    exchange: float = 0.02
    sorted_by_user: float = 0.04
    filtered_by_user: float = 0.02
    without_impression_events: float = 0.1
    duplicates: float = 0.01
    skewed_sessions: float = 0.005
    outages_a_day: float = 0.2
    odd_clients: float = 2.0
    """Bots, scrapers and sellers who click their own items: the number of each for a scale of 1."""
    grades: int = 500
    grade_choice: str = "random"
    grade_flips: float = 0.1

    def __post_init__(self) -> None:
        """Check the values. Raises WorldError if one is not allowed."""
        if self.policy not in POLICIES:
            raise WorldError(f"policy {self.policy!r} is unknown; choose one of {', '.join(POLICIES)}")
        if self.clickbait not in ("usual", "hard"):
            raise WorldError(f"clickbait {self.clickbait!r} is unknown; choose usual or hard")
        if self.grade_choice not in CHOICES:
            raise WorldError(f"grade_choice {self.grade_choice!r} is unknown; choose one of {', '.join(CHOICES)}")
        for name, (least, most) in RANGES.items():
            values = getattr(self, name)
            for value in values if isinstance(values, tuple) else (values,):
                if not least <= value <= most:
                    raise WorldError(f"{name} {value} is outside {least:g} to {most:g}; choose a value in this range")
        if {len(self.eta), len(self.eta_after_drift)} != {len(DEVICES)}:
            raise WorldError(f"eta needs {len(DEVICES)} numbers, for {' and '.join(DEVICES)}")

    @property
    def query_count(self) -> int:
        """The number of distinct queries: a multiple of 16, because topics have eight queries and come in pairs."""
        return 16 * max(3, round(self.base_queries * math.sqrt(self.scale) / 16))

    @property
    def start(self) -> datetime:
        """The start of day 0, at 00:00 UTC."""
        return datetime.combine(date.fromisoformat(self.first_day), time(), UTC)

    @property
    def start_ms(self) -> int:
        """`start` in milliseconds since 1970."""
        return int(self.start.timestamp()) * 1000

    def date_of(self, day: int) -> date:
        """Return the UTC date of day number `day`."""
        return self.start.date() + timedelta(days=day)

    def day_of(self, when: date) -> int:
        """Return the day number of a UTC date."""
        return (when - self.start.date()).days

    def to_json(self) -> dict[str, Any]:
        """Return plain data, as `truth/world.json` holds it."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Parameters:
        """Read the data that `to_json` wrote. Raises WorldError for unknown names."""
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(data) - known):
            raise WorldError(f"world.json has unknown parameters {', '.join(unknown)}; use another home")
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**values)


def name_differences(existing: Mapping[str, Any], requested: Mapping[str, Any]) -> list[str]:
    """Return a phrase for each name whose values differ, such as `scale is 1.0 (requested: 2.0)`."""
    names = sorted({*existing, *requested})
    return [
        f"{name} is {existing.get(name)} (requested: {requested.get(name)})"
        for name in names
        if existing.get(name) != requested.get(name)
    ]
