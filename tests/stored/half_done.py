"""Unfinished sessions, which end after one of their steps as if their process had died."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tidemark import session
from tidemark.stages import Planned
from tidemark.state.effect import Nothing, stages_rows
from tidemark.steps.audit import audit
from tidemark.steps.context import Context
from tidemark.steps.publish import publish, touch
from tidemark.steps.write import write

Step = Literal["planned", "staged", "audited", "published"]


@dataclass(frozen=True)
class HalfDone:
    """A session, the last step that it finished, and the snapshot that it staged (None without one)."""

    session: str
    step: Step
    snapshot: int | None = None


def leave(context: Context, dataset: str, after: Step) -> HalfDone:
    """Run the next session of a dataset until a step is done, and leave it there."""
    planned = session.init(context, dataset, say=lambda _: None)
    name = planned.plan.session
    assert not isinstance(planned.plan.effect, Nothing), f"{dataset} has nothing to do"
    if after == "planned":
        return HalfDone(name, after)
    if not stages_rows(planned.plan.effect):
        assert after == "published", "a session that moves only the watermark stages nothing"
        return HalfDone(name, after, touch(context, planned).snapshot_id)
    return HalfDone(name, after, _stage(context, planned, after))


def _stage(context: Context, planned: Planned, after: Step) -> int:
    staged = write(context, planned, "first")
    if after != "staged":
        audited = audit(context, staged)
        if after == "published":
            publish(context, audited)
    return staged.snapshot_id
