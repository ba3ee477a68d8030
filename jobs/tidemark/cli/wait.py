"""`tidemark wait`: wait until a table is complete. Needs neither Spark nor Airflow."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime

from tidemark.errors import RequestRefused, SpecError
from tidemark.operate.completeness import Completeness, read_completeness
from tidemark.settings import Settings, load_settings
from tidemark.settings.run_parameters import check_dataset, parse_instant_parameter
from tidemark.spec.durations import parse_duration
from tidemark.spec.load import load_specs
from tidemark.state.ranges import format_instant
from tidemark.steps.context import find_spec

INCOMPLETE = 3
"""The exit status at the deadline."""
POLL_SECONDS = 10.0
"""Seconds between two reads of the table's metadata."""


def wait(options: argparse.Namespace) -> int:
    """Wait until a table is complete, or final, through an instant.

    Returns 0 when it is, and INCOMPLETE if it is not at the deadline; the message on stderr then says how far it is.
    A lake that cannot be read is waited for as well.
    """
    dataset, wanted = check_dataset(options.dataset), parse_instant_parameter(options.through, "through")
    patience = None if options.deadline is None else _parse_deadline(options.deadline)
    settings = load_settings()
    find_spec(load_specs(settings.schemas, settings.values), dataset)
    found = _wait(settings, dataset, options.final, wanted, patience)
    if found.reaches(wanted):
        print(found.describe())
        return 0
    print(
        f"{found.describe()}; wanted: {format_instant(wanted)}; the deadline of {options.deadline} has passed",
        file=sys.stderr,
    )
    return INCOMPLETE


def _wait(settings: Settings, dataset: str, final: bool, wanted: datetime, patience: float | None) -> Completeness:
    """Return how far the table is, once that suffices or the patience (in seconds; None: endless) is over."""
    until = None if patience is None else time.monotonic() + patience
    said = ""
    while True:
        found = read_completeness(settings, dataset, final)
        remaining = POLL_SECONDS if until is None else until - time.monotonic()
        if found.reaches(wanted) or remaining <= 0:
            return found
        if found.describe() != said:
            said = found.describe()
            print(f"{said}; waiting for {format_instant(wanted)}", file=sys.stderr, flush=True)
        time.sleep(min(POLL_SECONDS, remaining))


def _parse_deadline(text: str) -> float:
    try:
        seconds = parse_duration(text).total_seconds()
    except SpecError as error:
        raise RequestRefused(f"deadline: {error}") from error
    if seconds < 0:
        raise RequestRefused(f"deadline: {text} is negative; write how long to wait, such as 2h, or 0s to look once")
    return seconds
