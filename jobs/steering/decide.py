"""Decide by hand which ranker is served: check the decision, record it, and let the scores follow.

A decision is a row of `ranking.ranker_decisions`. It is written as a file into the landing folder and landed by a
session like any other source, so audit, watermark and history are the loop's.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from ranking.training.champion import FREEZE, PROMOTE, ROLLBACK, UNFREEZE, Decision, Run
from steering.registry import DECISIONS, SCORES, Registry, read_registry
from tidemark import session
from tidemark.errors import RequestRefused
from tidemark.landing.files.discovery import settling_of
from tidemark.settings.run_parameters import check_sentence
from tidemark.spec import LandingSpec
from tidemark.state.effect import Nothing
from tidemark.state.ranges import format_instant
from tidemark.steps.context import Context
from tidemark.support.atomic_files import replace_file
from tidemark.support.text import printable

LONGEST_NAME = 100

Say = Callable[[str], None]


def decide(
    context: Context, action: str, version: str | None, reason: str, by: str, say: Say = print
) -> tuple[Decision, Registry]:
    """Record a decision and publish the scores that follow from it. Returns it, and the registry with it.

    Raises RequestRefused, before anything is written, if the decision is not possible. If a session fails, the
    decision stays in the landing folder or in its table, and the next session of that dataset goes on with it.
    """
    decision = record(context, action, version, reason, by, say=say)
    for dataset in (DECISIONS, SCORES):
        done = session.run(context, dataset, say=say)
        if isinstance(done.plan.effect, Nothing):
            say(f"{dataset}: nothing to do: {'; '.join(done.plan.notes)}")
    found = read_registry(context.lake)
    check_landed(found, decision.decision_id)
    return decision, found


def record(
    context: Context,
    action: str,
    version: str | None,
    reason: str,
    by: str,
    decision_id: str | None = None,
    say: Say = print,
) -> Decision:
    """Check a decision and write it into its landing folder; its session and that of the scores are the caller's.

    If a decision with this id is on record or in the folder already, it is returned and nothing is written. Raises
    RequestRefused if the decision is not possible.
    """
    registry = read_registry(context.lake)
    known = next((each for each in registry.decisions if each.decision_id == decision_id), None)
    if known is not None:
        say(f"decision {known.decision_id} is on record already: {known.model_version} {printable(known.describe())}")
        return known
    decision = _check(context, registry, action, version, reason, by)
    decision = replace(decision, decision_id=decision_id or decision.decision_id)
    path = _path(context, decision)
    if path.exists():
        say(f"decision {decision.decision_id} is in {path} already")
    else:
        _write(context, decision, path)
        say(f"decision {decision.decision_id} is in {path}: {decision.model_version} {printable(decision.describe())}")
    return decision


def check_landed(registry: Registry, decision_id: str) -> None:
    """Raise RequestRefused if a decision is not on record."""
    if decision_id not in {each.decision_id for each in registry.decisions}:
        raise RequestRefused(
            f"decision {decision_id}: its file in the landing folder has not landed, so nothing changed; "
            f"`tidemark quarantined` shows why, and `tidemark run {DECISIONS}` tries again"
        )


def _check(context: Context, registry: Registry, action: str, version: str | None, reason: str, by: str) -> Decision:
    if action not in _CHECKS:
        raise RequestRefused(f"action: {printable(action[:60])!r} is none of {', '.join(_CHECKS)}; choose one of them")
    run = _CHECKS[action](registry, version or "")
    text = check_sentence(reason)
    if not by.strip() or not by.isprintable() or len(by) > LONGEST_NAME:
        raise RequestRefused(f"by: {printable(by[:60])!r} is not a name; write 1 to {LONGEST_NAME} characters")
    last = max((each.decided_at for each in registry.decisions), default=None)
    if last is not None and context.clock <= last:
        raise RequestRefused(
            f"clock: {format_instant(context.clock)} is not after the last decision, {format_instant(last)}; "
            f"leave the clock out, or give a later instant"
        )
    return Decision(uuid.uuid4().hex[:12], context.clock, action, run.model_version, registry.newest, text, by.strip())


def _check_promote(registry: Registry, version: str) -> Run:
    run = registry.find(version)
    if run.sha256 is None:
        raise RequestRefused(
            f"version: {run.model_version} has no artifact ({run.verdict.rstrip('.')}); choose one that was trained"
        )
    held = registry.standing.held
    if held is not None and registry.standing.champion == run:
        raise RequestRefused(f"version: {run.model_version} is already the champion and stays: {held.describe()}")
    return run


def _check_rollback(registry: Registry, version: str) -> Run:
    standing = registry.standing
    if standing.champion is None or not standing.earlier:
        champion = standing.champion.model_version if standing.champion else "none"
        raise RequestRefused(
            f"rollback: there is no earlier champion (the present one is {champion}); "
            f"`tidemark ranker freeze` keeps it, `tidemark ranker promote VERSION` serves another one"
        )
    return standing.earlier[-1]


def _check_freeze(registry: Registry, version: str) -> Run:
    standing = registry.standing
    if standing.champion is None:
        raise RequestRefused("freeze: there is no champion yet; `tidemark ranker list` shows the verdicts")
    if standing.held is not None:
        raise RequestRefused(
            f"freeze: {standing.champion.model_version} stays the champion already: {standing.held.describe()}; "
            f"`tidemark ranker unfreeze` ends it"
        )
    return standing.champion


def _check_unfreeze(registry: Registry, version: str) -> Run:
    standing = registry.standing
    if standing.held is None or standing.champion is None:
        raise RequestRefused("unfreeze: no decision holds the champion, so the gate decides already")
    return standing.champion


_CHECKS: dict[str, Callable[[Registry, str], Run]] = {
    PROMOTE: _check_promote,
    ROLLBACK: _check_rollback,
    FREEZE: _check_freeze,
    UNFREEZE: _check_unfreeze,
}


def _path(context: Context, decision: Decision) -> Path:
    name = f"{decision.decided_at:%Y%m%dT%H%M%SZ}-{decision.action}-{decision.decision_id}.jsonl"
    return context.settings.landing / _landing(context).folders[0] / name


def _landing(context: Context) -> LandingSpec:
    landing = context.spec(DECISIONS).landing
    assert landing is not None, "the spec of the decisions says where they land"
    return landing


def _write(context: Context, decision: Decision, path: Path) -> None:
    """Write a decision into its landing folder.

    The file appears whole, so it needs no settling time: its time of modification is set back by it.
    """
    stored = asdict(decision) | {"decided_at": decision.decided_at.isoformat()}
    draft = path.with_name(f"{path.name}.part")
    replace_file(draft, json.dumps(stored) + "\n")
    settled = decision.decided_at - settling_of(context.settings, _landing(context)) - timedelta(seconds=1)
    os.utime(draft, (settled.timestamp(),) * 2)
    draft.replace(path)
