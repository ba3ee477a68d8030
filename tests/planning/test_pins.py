"""How far an input is read that a run has pinned, and that two sessions, up to the pin and beyond it, lose nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.planning.case import instant, shown
from tests.planning.test_invariants import an_input, planned, situations
from tidemark.planning.pins import Unreachable, UpTo, read_end
from tidemark.planning.windows import touched_by_changes
from tidemark.state.ranges import from_on, subtract, union

HISTORY = (5, 4, 3, 2, 1)


@pytest.mark.parametrize(
    ("pinned", "position", "read_ahead", "end"),
    [
        (3, None, None, UpTo(3)),
        (3, 1, None, UpTo(3)),
        (3, 3, None, UpTo(3)),
        (5, 1, None, UpTo(5)),
        (3, 4, None, UpTo(4, passed=True)),
        (3, 1, 2, UpTo(3)),
        (3, 1, 5, UpTo(5, passed=True)),
        (3, 5, 4, UpTo(5, passed=True)),
        (9, 1, None, Unreachable()),
        (9, 4, None, Unreachable()),
        (3, 9, None, UpTo(3)),
    ],
    ids=[
        "first read",
        "behind the pin",
        "at the pin",
        "the pin is main's head",
        "the position is beyond the pin",
        "a backfill read up to before the pin",
        "a backfill read beyond the pin",
        "the position is beyond both",
        "the pin has left the history",
        "the pin has left the history and the position has not",
        "the position has left the history",
    ],
)
def test_how_far_a_pinned_input_is_read(
    pinned: int, position: int | None, read_ahead: int | None, end: UpTo | Unreachable
) -> None:
    assert read_end(HISTORY, pinned, position, read_ahead) == end


@settings(deadline=None, max_examples=examples(300))
@given(st.permutations(range(8)), st.integers(0, 8), st.none() | st.integers(0, 8), st.none() | st.integers(0, 8))
def test_no_position_moves_backwards(
    history: list[int], pinned: int, position: int | None, read_ahead: int | None
) -> None:
    end = read_end(history, pinned, position, read_ahead)
    if isinstance(end, Unreachable):
        assert pinned not in history
        return
    for read in (pinned, position, read_ahead):
        assert read not in history or history.index(end.snapshot) <= history.index(read)
    assert end.snapshot in (pinned, position, read_ahead)


@st.composite
def nights(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Draw a situation at a pin, and what the inputs gain after it, up to main's head."""
    first = draw(situations())
    later = {}
    for name, at_pin in first["inputs"].items():
        gained = draw(an_input(at_pin["complete"]))
        kept = {key: at_pin[key] for key in ("window", "rows") if key in at_pin}
        later[name] = {**gained, **kept, "was_complete": at_pin["complete"]}
    return first, later


@settings(deadline=None, max_examples=examples(300))
@given(nights())
def test_what_comes_after_the_pin_is_taken_in_by_the_next_session(
    night: tuple[dict[str, Any], dict[str, dict[str, Any]]],
) -> None:
    first, later = night
    found, at_pin = planned(first)
    built = {"through": (at_pin.complete_through - instant(0)).total_seconds() / 3600}  # type: ignore[operator]
    built |= {"owed": shown(at_pin.owed), "overdue": shown(at_pin.overdue)}
    found_later, at_head = planned({**first, "built": built, "inputs": later})

    assert all(i.complete_through == found.inputs[name].complete_through for name, i in at_pin.inputs.items())
    rebuilt_anyway = from_on(at_head.complete_through)  # type: ignore[arg-type]  # all inputs have a limit
    remembered = union(at_head.ranges, at_head.owed, at_head.overdue, rebuilt_anyway)
    assert subtract(touched_by_changes(found_later), remembered) == ()
    assert subtract(touched_by_changes(found), union(at_pin.ranges, remembered)) == ()
