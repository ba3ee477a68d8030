"""From what a run asks to the request that one dataset's session gets."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from tidemark import session
from tidemark.airflow.asked import Asked
from tidemark.lineage.publish_commit import watermark_of
from tidemark.state.cause import Restatement
from tidemark.state.codec import encode
from tidemark.state.plan import Plan
from tidemark.state.ranges import format_instant
from tidemark.steps.context import Context


def request_of(context: Context, dataset: str, asked: Asked) -> Restatement | None:
    """The restatement that a run asks of a dataset, None where its session is a usual one.

    Sources and versioned datasets have no ranges: inside a restatement of others they take in what is new. A DAG
    that holds nothing else declares no range.
    """
    if asked.range is None or not context.spec(dataset).rebuilds_ranges:
        return None
    request = Restatement(asked.range, asked.request_id or "unnamed", asked.reason)
    if asked.request_id is not None:
        return request
    return replace(request, request_id=name_backfill(session.plan(context, dataset, request)))


def nothing_there(context: Context, dataset: str, request: Restatement) -> str | None:
    """A sentence where the range lies after all that is built: building it is the usual session's work."""
    table = context.lake.find_table(dataset)
    mark = watermark_of(table) if table is not None else None
    through = mark.complete_through if mark else None
    if through is not None and request.range.start < through:
        return None
    built = f"built through {format_instant(through)}" if through else "not built yet"
    return f"{dataset}: {request.range} is not rebuilt, since the table is {built}; the next usual run builds it"


def name_backfill(plan: Plan) -> str:
    """Name a backfill after what it rebuilds from what, so that its 24 hourly runs rebuild a day once.

    The same partitions from the same snapshots by the same logic give the same rows: a second time would
    change nothing.
    """
    inputs = {name: [i.uuid, i.read_snapshot, encode(i.reads)] for name, i in plan.inputs.items()}
    text = json.dumps([plan.dataset, plan.fingerprint, encode(plan.ranges), inputs], sort_keys=True)
    return f"backfill {hashlib.sha256(text.encode()).hexdigest()[:16]}"
