"""`tidemark ranker promote | rollback | freeze | unfreeze`: record a decision and print what readers see now."""

from __future__ import annotations

import argparse
import getpass

from ranking.report.nightly import render_pages
from steering.decide import decide
from steering.registry import RANKERS
from steering.show import describe_scores, describe_standing
from tidemark import session
from tidemark.cli.clock import read_clock
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.pages import write_pages
from tidemark.settings import load_settings


def change(options: argparse.Namespace) -> int:
    """Record the decision, run its session and that of the scores. Raises RequestRefused if it is not possible."""
    context = session.open_context(load_settings(), read_clock(options), RANKERS, open_existing_lake)
    _, registry = decide(context, options.action, getattr(options, "version", None), options.reason, _user())
    print("\n".join((*describe_standing(context.lake, registry), describe_scores(context.lake))))
    print(write_pages(context.settings, render_pages))
    return 0


def _user() -> str:
    """Return the name of the user who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # the user has no name on this machine
        return "unknown"
