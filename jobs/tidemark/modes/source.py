"""Source: files in. The plan is the list of files that the table lacks."""

from __future__ import annotations

from dataclasses import replace

from tidemark.errors import RequestRefused
from tidemark.planning.common import blank, latest, watermark_moves
from tidemark.planning.situation import Situation
from tidemark.state.plan import Plan
from tidemark.state.watermark import How


def plan(situation: Situation) -> Plan:
    """Append the rows of new files; move completeness along where there are none."""
    if situation.resync:
        raise RequestRefused(
            f"{situation.spec.dataset}: landed files do not come twice, so a source is not rebuilt by a resync; move "
            f"main back to the snapshot that its watermark names, then run it without --resync"
        )
    draft = blank(situation, How.append if situation.files else How.touch)
    through = latest(draft.complete_through, situation.landed_through)
    draft = replace(
        draft,
        request=None,
        complete_through=through,
        final_through=through,
        files=situation.files,
        history=situation.history,
        completeness=situation.completeness,
    )
    if situation.files:
        return draft
    if draft.previous is None:
        note = "no file to land yet"
        return replace(draft, how=How.nothing, notes=(*draft.notes, note))
    return draft if watermark_moves(draft.previous, draft) else replace(draft, how=How.nothing)
