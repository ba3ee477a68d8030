"""Latest: of the rows of a key the newest one stays. What was added is read beside the table's own rows.

The dataset reads itself by an input of its own. Where anything but added rows came, it is built from all of its
input, and its own rows are not read.
"""

from __future__ import annotations

from dataclasses import replace

from tidemark.modes.mode import Mode
from tidemark.planning.draft import draft, input_plans, latest, logic_note, rebuilds, touch_or_nothing, waiting
from tidemark.planning.situation import Situation
from tidemark.planning.windows import read_inputs
from tidemark.state.effect import NOTHING, TOUCH, ReplaceAll
from tidemark.state.plan import Plan


def plan(situation: Situation) -> Plan:
    """Merge what was added into the table, or build it anew where more than that happened."""
    missing = waiting(situation)
    if missing:
        return draft(situation, NOTHING, missing)
    (changed,) = read_inputs(situation)
    anew = situation.resync or rebuilds(situation) or not changed.changes.append_only
    inputs = input_plans(situation, dict.fromkeys(situation.inputs), added_only=not anew)
    planned = draft(situation, TOUCH, *logic_note(situation))
    planned = replace(
        planned,
        inputs={name: i for name, i in inputs.items() if not (anew and situation.inputs[name].own)},
        complete_through=latest(planned.complete_through, changed.complete_through),
        final_through=latest(planned.final_through, changed.final_through),
    )
    news = anew or changed.changes.from_snapshot is None or changed.changes.rows or changed.changes.timeless_rows
    return replace(planned, effect=ReplaceAll() if news else touch_or_nothing(planned))


MODE = Mode(
    name="latest",
    plan=plan,
    restate=None,
    needed=("transform", "inputs"),
    refused=("landing", "event_time", "catch_up_limit", "max_range", "replace"),
    reads_itself=True,
)
