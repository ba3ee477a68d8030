"""The sizes of the bench of training."""

from __future__ import annotations

from dataclasses import dataclass

LIST = 20
"""Rows of a list."""


@dataclass(frozen=True)
class Sizes:
    """Rows to train on, their features, trees, rows to judge by, and megabytes of `training_memory`."""

    rows: int = 300_000
    features: int = 200
    rounds: int = 50
    tests: int = 20_000
    memory: int = 2048

    def __post_init__(self) -> None:
        """Refuse rows that are no whole lists. Raises ValueError."""
        if not self.rows or not self.tests or self.rows % LIST or self.tests % LIST:
            raise ValueError(f"rows and tests must be multiples of {LIST}, the length of a list")
