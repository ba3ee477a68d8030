"""The one place of the package where a clock is read: a person's command begins now."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from tidemark.requests import read_instant


def of(options: argparse.Namespace) -> datetime:
    """The instant given by `--clock`, else now; fixed at the first call."""
    if not isinstance(options.clock, datetime):
        options.clock = read_instant(options.clock, "clock") if options.clock else datetime.now(UTC)
    instant: datetime = options.clock
    return instant
