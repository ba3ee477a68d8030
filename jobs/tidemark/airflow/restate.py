"""Turn the request of a run into the restatement of one dataset."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from tidemark import session
from tidemark.airflow.run_request import RunRequest
from tidemark.lineage.publish_commit import watermark_of
from tidemark.session import Say
from tidemark.state.cause import Restatement
from tidemark.state.codec import encode
from tidemark.state.plan import Plan
from tidemark.state.ranges import format_instant
from tidemark.steps.answered_requests import answered_by
from tidemark.steps.context import Context

UNNAMED = "unnamed"
"""The request id of a run of a backfill until `named` gives it one."""


def restatement_of(context: Context, dataset: str, request: RunRequest) -> Restatement | None:
    """Return the restatement that a run asks of a dataset; None means a usual session.

    Sources and versioned datasets are not rebuilt by ranges: in a run with a range, their sessions take in what is
    new. A DAG that contains no other datasets declares no range parameters. If the run names one dataset, the
    sessions of all others take in what is new.
    """
    if request.range is None or not context.spec(dataset).rebuilds_ranges:
        return None
    if request.dataset not in (None, dataset):
        return None
    return Restatement(request.range, request.request_id or UNNAMED, request.reason)


def named(context: Context, dataset: str, restatement: Restatement) -> Restatement:
    """Return the restatement with a request id: the run's own, or for a backfill a hash of what it rebuilds."""
    if restatement.request_id != UNNAMED:
        return restatement
    return replace(restatement, request_id=name_backfill(session.plan(context, dataset, restatement)))


def why_not_built(context: Context, dataset: str, restatement: Restatement) -> str | None:
    """Return why there is nothing to rebuild: the whole range lies after what is built. None if there is something."""
    table = context.lake.find_table(dataset)
    mark = watermark_of(table) if table is not None else None
    through = mark.complete_through if mark else None
    if through is not None and restatement.range.start < through:
        return None
    built = f"built through {format_instant(through)}" if through else "not built yet"
    return f"{dataset}: {restatement.range} is not rebuilt, because the table is {built}; the next usual run builds it"


def to_rebuild(context: Context, dataset: str, request: RunRequest, say: Say) -> bool:
    """Whether a run with a range has to rebuild a dataset. Datasets without ranges are left to their usual runs."""
    restatement = restatement_of(context, dataset, request)
    if restatement is None:
        return False
    reason = why_not_built(context, dataset, restatement)
    done = None if reason else answered_by(context, named(context, dataset, restatement), dataset)
    if done:
        reason = f"{dataset}: session {done} has rebuilt {restatement.range} already"
    if reason:
        say(reason)
    return reason is None


def name_backfill(plan: Plan) -> str:
    """Return a request id that is a hash of what is rebuilt and from what.

    All 24 hourly runs of a backfill get the same id for a day, so the day is rebuilt once. The same partitions, built
    from the same snapshots by the same logic, give the same rows, so a second rebuild would change nothing.
    """
    inputs = {name: [i.uuid, i.read_snapshot, encode(i.reads)] for name, i in plan.inputs.items()}
    text = json.dumps([plan.dataset, plan.fingerprint, encode(plan.ranges), inputs], sort_keys=True)
    return f"backfill {hashlib.sha256(text.encode()).hexdigest()[:16]}"
