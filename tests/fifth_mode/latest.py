"""Latest: for each key, the newest row stays. Added rows are read together with the table's own rows.

The dataset is one of its own inputs. If its other input changed in any way but by added rows, the dataset is built
from all rows of that input, and its own rows are not read.
"""

from __future__ import annotations

from dataclasses import replace

from tidemark.modes.mode import Mode
from tidemark.planning.draft import draft, input_plans, latest, logic_note, rebuilds_all, touch_or_nothing, waiting_note
from tidemark.planning.situation import Situation
from tidemark.planning.windows import read_inputs
from tidemark.state.effect import NOTHING, TOUCH, ReplaceAll
from tidemark.state.plan import Plan


def plan(situation: Situation) -> Plan:
    """Merge added rows into the table; rebuild the table if anything else happened."""
    waits = waiting_note(situation)
    if waits:
        return draft(situation, NOTHING, waits)
    (changed,) = read_inputs(situation)
    rebuild = situation.resync or rebuilds_all(situation) or not changed.changes.append_only
    inputs = input_plans(situation, dict.fromkeys(situation.inputs), added_only=not rebuild)
    planned = draft(situation, TOUCH, *logic_note(situation))
    planned = replace(
        planned,
        inputs={name: i for name, i in inputs.items() if not (rebuild and situation.inputs[name].own)},
        complete_through=latest(planned.complete_through, changed.complete_through),
        final_through=latest(planned.final_through, changed.final_through),
    )
    news = rebuild or changed.changes.from_snapshot is None or changed.changes.rows or changed.changes.timeless_rows
    return replace(planned, effect=ReplaceAll() if news else touch_or_nothing(planned))


MODE = Mode(
    name="latest",
    meaning="the latest row of each key",
    plan=plan,
    restate=None,
    needed=("transform", "inputs"),
    refused=("landing", "event_time", "catch_up_limit", "max_range", "replace"),
    reads_itself=True,
)
