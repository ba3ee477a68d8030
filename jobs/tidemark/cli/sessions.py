"""`tidemark plan` and `tidemark run`: the steps of a session, without a scheduler."""

from __future__ import annotations

import argparse
import sys

from tidemark import session
from tidemark.cli import clock
from tidemark.cli.lakes import lake_there
from tidemark.errors import RequestRefused
from tidemark.explain import explain
from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_dataset, check_reason, make_request, read_range
from tidemark.state.cause import NEWS, Cause, Restatement, Resync
from tidemark.state.effect import Nothing
from tidemark.steps.context import Context


def plan(options: argparse.Namespace) -> int:
    """Print what the next session would do, on a lake that is there."""
    dataset = check_dataset(options.dataset)
    cause = _cause(options, dataset)
    context = session.open_context(load_settings(), clock.of(options), dataset, lake_there)
    print(explain(session.plan(context, dataset, cause)))
    return 0


def run(options: argparse.Namespace) -> int:
    """Run one dataset's session, or all of them in order."""
    if bool(options.dataset) == options.all:
        print("tidemark run: name a dataset, or --all", file=sys.stderr)
        return 2
    if options.all:
        _run_all(options)
        return 0
    dataset = check_dataset(options.dataset)
    cause = _cause(options, dataset)
    context = session.open_context(load_settings(), clock.of(options), dataset)
    _run_one(context, dataset, cause)
    return 0


def _run_all(options: argparse.Namespace) -> None:
    if options.start is not None or options.end is not None:
        raise RequestRefused("from, to: a range is rebuilt in one dataset, and flows on from it; name the dataset")
    reason = check_reason(options.reason)
    context = session.open_context(load_settings(), clock.of(options))
    for name in session.dependency_order(dict(context.specs)):
        lands = context.specs[name].landing is not None
        _run_one(context, name, Resync(reason) if options.resync and not lands else NEWS)


def _run_one(context: Context, dataset: str, cause: Cause) -> None:
    """One session, and those after it that a large catch-up needs."""
    owes = True
    while owes:
        done = session.run(context, dataset, cause)
        works = not isinstance(done.plan.effect, Nothing)
        if works:
            print(f"{dataset}: {done.plan.how}, session {done.plan.session}")
        goes_on = works and not isinstance(cause, Restatement)
        owes = goes_on and done.watermark is not None and bool(done.watermark.owed)


def _cause(options: argparse.Namespace, dataset: str) -> Cause:
    instant, reason = clock.of(options), check_reason(options.reason)
    if options.start is None and options.end is None:
        return Resync(reason) if options.resync else NEWS
    if options.resync:
        raise RequestRefused("resync: rebuilds all that the inputs hold; leave it out, or leave out from and to")
    wanted = read_range(options.start, options.end, instant)
    bounds = f"{wanted.start.isoformat()} {wanted.end.isoformat()}"
    return make_request(wanted, f"cli {dataset} {bounds} {instant.isoformat()}", reason)
