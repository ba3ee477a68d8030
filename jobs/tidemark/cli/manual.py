"""`tidemark adopt` and `tidemark declare`: moving a watermark by hand, with a reason, on record."""

from __future__ import annotations

import argparse

from tidemark import session
from tidemark.cli import clock
from tidemark.operate import manual
from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_dataset, check_reason, parse_instant_parameter


def adopt(options: argparse.Namespace) -> int:
    """Take up the watermark of what main holds after somebody's hand was on it."""
    dataset, reason = check_dataset(options.dataset), check_reason(options.reason)
    context = session.open_context(load_settings(), clock.of(options), dataset)
    manual.adopt(context, dataset, reason)
    return 0


def declare(options: argparse.Namespace) -> int:
    """Declare a source complete through an instant."""
    dataset, reason = check_dataset(options.dataset), check_reason(options.reason)
    through = parse_instant_parameter(options.through, "through")
    context = session.open_context(load_settings(), clock.of(options), dataset)
    manual.declare_complete(context, dataset, through, reason)
    return 0
