"""The clock of a command: the only place where the loop gets its instant from the system clock."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_clock, parse_instant_parameter


def read_clock(options: argparse.Namespace) -> datetime:
    """Return the instant given by `--clock`, or now. The first call fixes it for the whole command.

    Raises RequestRefused if `--clock` is not an instant, or lies ahead of now while sources are complete by the clock.
    """
    if not isinstance(options.clock, datetime):
        options.clock = _parse(options.clock) if options.clock else datetime.now(UTC)
    instant: datetime = options.clock
    return instant


def _parse(text: str) -> datetime:
    instant = parse_instant_parameter(text, "clock")
    check_clock(instant, datetime.now(UTC), load_settings().values)
    return instant
