"""Decisions about rankers that somebody asks for by triggering the DAG `steer_ranker`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from steering.decide import check_landed, record
from steering.registry import read_registry
from steering.show import describe_scores, describe_standing
from tidemark.errors import RequestRefused
from tidemark.steps.context import Context
from tidemark.support.text import printable


def record_decision(context: Context, params: Mapping[str, Any], by: str) -> str:
    """Check and record the decision that a run asks for, once. Raises RequestRefused if it is not possible."""
    action, version = _text(params, "action"), _text(params, "version")
    if version and action != "promote":
        raise RequestRefused(f"version: {action} takes no ranker; leave the field empty, or choose promote")
    said: list[str] = []
    record(context, action, version, _text(params, "reason"), by, id_of(context), said.append)
    return "\n".join(said)


def describe_decision(context: Context, params: Mapping[str, Any], by: str) -> str:
    """Return who is champion now. Raises RequestRefused if the decision of the run has not landed."""
    registry = read_registry(context.lake)
    check_landed(registry, id_of(context))
    return "\n".join((*describe_standing(context.lake, registry), describe_scores(context.lake)))


def id_of(context: Context) -> str:
    """Return the id of a run's decision. It is the same however often the run's tasks are tried or cleared."""
    assert context.run is not None, "only a run of a DAG asks here"
    return hashlib.sha256(context.run.encode()).hexdigest()[:12]


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestRefused(f"{name}: {printable(str(value))[:60]} is not a text; trigger the DAG again")
    return (value or "").strip()
