"""`tidemark plan` and `tidemark run`: plan and run sessions without a scheduler."""

from __future__ import annotations

import argparse
import sys

from tidemark import session
from tidemark.cli.as_json import print_json
from tidemark.cli.clock import read_clock
from tidemark.errors import RequestRefused
from tidemark.explain import explain
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.preview import preview
from tidemark.operate.preview_text import facts, preview_lines
from tidemark.operate.remarks import read_remark
from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_dataset, check_reason, make_request, read_range
from tidemark.state.cause import NEWS, Cause, Restatement, Resync
from tidemark.state.effect import Nothing
from tidemark.steps.context import Context


def plan(options: argparse.Namespace) -> int:
    """Print what the next session would do. Raises SettingsError if there is no lake."""
    dataset = check_dataset(options.dataset)
    cause = _cause(options, dataset)
    context = session.open_context(load_settings(), read_clock(options), dataset, open_existing_lake)
    planned = session.plan(context, dataset, cause)
    found = preview(context, dataset, cause) if isinstance(cause, Restatement) else None
    if options.json:
        print_json({"plan": planned, "preview": facts(found) if found else None})
        return 0
    print(explain(planned))
    if isinstance(cause, Restatement):
        print("\n".join(preview_lines(found)))
    return 0


def run(options: argparse.Namespace) -> int:
    """Run the sessions of one dataset, or those of all datasets in the order of their inputs."""
    if bool(options.dataset) == options.all:
        print("tidemark run: name a dataset, or give --all", file=sys.stderr)
        return 2
    if options.all:
        _run_all(options)
        return 0
    dataset = check_dataset(options.dataset)
    cause = _cause(options, dataset)
    context = session.open_context(load_settings(), read_clock(options), dataset)
    _print_preview(context, dataset, cause)
    _run_one(context, dataset, cause)
    return 0


def _print_preview(context: Context, dataset: str, cause: Cause) -> None:
    """Print what a rebuild of a range would touch. Raises RequestRefused if the range holds nothing."""
    if isinstance(cause, Restatement):
        print("\n".join(preview_lines(preview(context, dataset, cause))))


def _run_all(options: argparse.Namespace) -> None:
    if options.start is not None or options.end is not None:
        raise RequestRefused(
            "from, to: --all takes no range; name one dataset, and its readers follow at their next session"
        )
    reason = check_reason(options.reason)
    context = session.open_context(load_settings(), read_clock(options))
    for name in session.dependency_order(dict(context.specs)):
        lands = context.specs[name].landing is not None
        _run_one(context, name, Resync(reason) if options.resync and not lands else NEWS)


def _run_one(context: Context, dataset: str, cause: Cause) -> None:
    """Run a session, and further sessions as long as they have work and ranges are owed. A backfill is one session."""
    owes = True
    while owes:
        done = session.run(context, dataset, cause)
        worked = not isinstance(done.plan.effect, Nothing)
        if worked:
            print(f"{dataset}: {done.plan.how}, session {done.plan.session}")
            _print_remark(context, dataset)
        may_continue = worked and not isinstance(cause, Restatement)
        owes = may_continue and done.watermark is not None and bool(done.watermark.owed)


def _print_remark(context: Context, dataset: str) -> None:
    """Print what the domain says of a dataset after its session, such as which ranker is served."""
    remark = read_remark(context.lake, dataset)
    if remark:
        print(f"{dataset}: {remark}")


def _cause(options: argparse.Namespace, dataset: str) -> Cause:
    instant, reason = read_clock(options), check_reason(options.reason)
    if options.start is None and options.end is None:
        return Resync(reason) if options.resync else NEWS
    if options.resync:
        raise RequestRefused("resync: it rebuilds the whole table; leave out either --resync or --from and --to")
    interval = read_range(options.start, options.end, instant)
    bounds = f"{interval.start.isoformat()} {interval.end.isoformat()}"
    return make_request(interval, f"cli {dataset} {bounds} {instant.isoformat()}", reason)
