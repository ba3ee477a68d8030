"""The counts of a soak."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Figures:
    """Counts by kind and name, and the seconds since the soak began."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def count(self, kind: str, name: str, times: int = 1) -> None:
        """Add to a count."""
        self.counts.setdefault(kind, Counter())[name] += times

    def total(self, kind: str) -> int:
        """Return the sum of all counts of a kind."""
        return sum(self.counts.get(kind, Counter()).values())

    @property
    def seconds(self) -> float:
        """How long the soak has run."""
        return time.monotonic() - self.began

    def describe(self) -> str:
        """Return one line for each kind, and the duration."""
        width = max((len(kind) for kind in self.counts), default=0)
        lines = [
            f"{kind:<{width}}  {self.total(kind):>6}  " + ", ".join(f"{name} {n}" for name, n in sorted(names.items()))
            for kind, names in sorted(self.counts.items())
        ]
        return "\n".join([*lines, f"{'seconds':<{width}}  {self.seconds:>6.0f}"])
