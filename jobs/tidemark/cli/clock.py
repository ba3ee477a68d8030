"""The one place of the package where a clock is read: a person's command begins now."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_clock, parse_instant_parameter


def of(options: argparse.Namespace) -> datetime:
    """The instant given by `--clock`, else now; fixed at the first call. Raises RequestRefused for one ahead of now."""
    if not isinstance(options.clock, datetime):
        options.clock = _given(options.clock) if options.clock else datetime.now(UTC)
    instant: datetime = options.clock
    return instant


def _given(text: str) -> datetime:
    instant = parse_instant_parameter(text, "clock")
    check_clock(instant, datetime.now(UTC), load_settings().values)
    return instant
