"""`tidemark erase`: erase a person's records from the landed tables, or prove that nothing counts them any more."""

from __future__ import annotations

import argparse
import contextlib
import sys

from tidemark import session
from tidemark.cli.as_json import print_json
from tidemark.cli.clock import read_clock
from tidemark.errors import RequestRefused
from tidemark.operate.erasure import erase as erasing
from tidemark.operate.erasure.check import check
from tidemark.operate.erasure.person import read_person
from tidemark.operate.erasure.text import check_lines, erasure_lines
from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs


def erase(options: argparse.Namespace) -> int:
    """Erase, preview or check. A check returns 1 if it is not proven that nothing counts the person."""
    _check_options(options)
    if options.check:
        return _check(options)
    settings = load_settings()
    context = session.open_context(settings, read_clock(options), opening=open_existing_lake)
    person = read_person(context.specs, options.value)
    with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
        if options.plan_only:
            found = erasing.preview(context, person)
        else:
            found = erasing.erase(context, person, options.reason or "")
    if options.json:
        print_json({"erasure": found})
    else:
        print("\n".join(erasure_lines(found, settings)))
    return 0


def _check(options: argparse.Namespace) -> int:
    settings = load_settings()
    specs = load_specs(settings.schemas, settings.values)
    person = read_person(specs, options.value)
    found = check(open_existing_lake(settings), specs, person, options.release)
    if options.json:
        print_json({"check": found, "proven": found.proven})
    else:
        print("\n".join(check_lines(found)))
    return 0 if found.proven else 1


def _check_options(options: argparse.Namespace) -> None:
    if options.release is not None and not options.check:
        raise RequestRefused("release: only a check looks at a release; add --check, or leave it out")
    if options.check and options.plan_only:
        raise RequestRefused("plan-only: a check changes nothing anyway; give one of --check and --plan-only")
    if options.reason is None and not (options.check or options.plan_only):
        raise RequestRefused("reason: missing; write --reason and why, without naming the person")
