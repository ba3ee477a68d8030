"""How many examples a property tries."""

from __future__ import annotations

from hypothesis import settings

QUICK = 15
"""The number in `make quick`."""


def examples(number: int) -> int:
    """The number of examples to try: `number`, or at most QUICK in `make quick`."""
    return min(number, QUICK) if settings.get_current_profile_name() == "quick" else number
