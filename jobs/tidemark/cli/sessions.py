"""`tidemark plan` and `tidemark run`: the steps of a session, without a scheduler."""

from __future__ import annotations

import argparse
import sys

from tidemark import session
from tidemark.cli import clock
from tidemark.explain import explain
from tidemark.records import How, Request
from tidemark.requests import check_dataset, make_request, read_instant
from tidemark.settings import load_settings
from tidemark.steps.context import Context


def plan(options: argparse.Namespace) -> int:
    """Print what the next session would do."""
    context = session.open_context(load_settings(), clock.of(options))
    dataset = check_dataset(options.dataset)
    print(explain(session.plan(context, dataset, _request(options, dataset), options.resync)))
    return 0


def run(options: argparse.Namespace) -> int:
    """Run one dataset's session, or all of them in order."""
    if bool(options.dataset) == options.all:
        print("tidemark run: name a dataset, or --all", file=sys.stderr)
        return 2
    context = session.open_context(load_settings(), clock.of(options))
    names = session.in_order(dict(context.specs)) if options.all else [check_dataset(options.dataset)]
    for name in names:
        _run_one(context, name, options)
    return 0


def _run_one(context: Context, dataset: str, options: argparse.Namespace) -> None:
    """One session, and those after it that a large catch-up needs."""
    request, owes = _request(options, dataset), True
    while owes:
        done = session.run(context, dataset, request, options.resync)
        if done.plan.how is not How.nothing:
            print(f"{dataset}: {done.plan.how}, session {done.plan.session}")
        owes = request is None and done.watermark is not None and bool(done.watermark.owed)


def _request(options: argparse.Namespace, dataset: str) -> Request | None:
    if not options.start and not options.end:
        return None
    start = read_instant(options.start or "1990-01-01", "from")
    end = read_instant(options.end or "2100-01-01", "to")
    request_id = f"cli {dataset} {start.isoformat()} {end.isoformat()} {clock.of(options).isoformat()}"
    return make_request(start, end, request_id, options.reason)
