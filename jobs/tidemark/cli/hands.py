"""`tidemark adopt` and `tidemark declare`: moving a watermark by hand, with a reason, on record."""

from __future__ import annotations

import argparse

from tidemark import hands, session
from tidemark.cli import clock
from tidemark.requests import check_dataset, read_instant
from tidemark.settings import load_settings


def adopt(options: argparse.Namespace) -> int:
    """Take up the watermark of what main holds after a rollback."""
    context = session.open_context(load_settings(), clock.of(options))
    hands.adopt_rollback(context, check_dataset(options.dataset), options.reason)
    return 0


def declare(options: argparse.Namespace) -> int:
    """Declare a source complete through an instant."""
    context = session.open_context(load_settings(), clock.of(options))
    through = read_instant(options.through, "through")
    hands.declare_complete(context, check_dataset(options.dataset), through, options.reason)
    return 0
