"""`tidemark adopt` and `tidemark declare`: move a watermark by hand, with a recorded reason."""

from __future__ import annotations

import argparse

from tidemark import session
from tidemark.cli.clock import read_clock
from tidemark.operate import manual
from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_dataset, check_reason, parse_instant_parameter


def adopt(options: argparse.Namespace) -> int:
    """Set the watermark that belongs to what main holds, after somebody changed main by hand."""
    dataset, reason = check_dataset(options.dataset), check_reason(options.reason)
    context = session.open_context(load_settings(), read_clock(options), dataset)
    manual.adopt(context, dataset, reason)
    return 0


def declare(options: argparse.Namespace) -> int:
    """Declare a source complete through an instant."""
    dataset, reason = check_dataset(options.dataset), check_reason(options.reason)
    through = parse_instant_parameter(options.through, "through")
    context = session.open_context(load_settings(), read_clock(options), dataset)
    manual.declare_complete(context, dataset, through, reason)
    return 0
