"""The type of a mode: how sessions of its datasets are planned, and what their specs may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidemark.errors import RequestRefused
from tidemark.planning.situation import Situation
from tidemark.spec.model import DatasetSpec, Replace
from tidemark.state.plan import Plan


def _no_input(situation: Situation) -> str | None:
    return None


def _as_inputs(spec: DatasetSpec, where: str) -> str:
    return f"It is complete as far as its inputs are. {where}"


@dataclass(frozen=True)
class Mode:
    """One way in which a dataset follows its inputs.

    How a session is planned:

    - `plan` plans a session that takes in news or resyncs.
    - `restate` plans a session that rebuilds a given range; None if datasets of the mode have no ranges.
    - `row_times_input` returns the name of the input whose row times the plan depends on. They are gathered only for
      that input.

    What a spec of the mode may say:

    - `needed` are the keys that it must have, `refused` the keys that it may not have.
    - `windows`: its inputs may have a window.
    - `one_input`: it has exactly one input.
    - `reads_itself`: the dataset may be one of its own inputs.
    - `reads_news`: its inputs may have the keys `read` and `news_if`.
    - `row_for_row`: each added input row gives rows, so an audit that finds no rows fails.
    - `replaces`: the value of `replace` if the spec does not give one.

    What the page of a table says of it:

    - `meaning` is what the mode is, in a few words.
    - `completeness` returns how complete a table is and what late records do to it. It is given the spec, and a
      sentence that says where to see how far a table is complete.
    """

    name: str
    meaning: str
    plan: Callable[[Situation], Plan]
    restate: Callable[[Situation], Plan] | None
    needed: tuple[str, ...]
    refused: tuple[str, ...] = ()
    windows: bool = False
    one_input: bool = False
    reads_itself: bool = False
    reads_news: bool = False
    row_for_row: bool = False
    replaces: Replace | None = None
    row_times_input: Callable[[Situation], str | None] = _no_input
    completeness: Callable[[DatasetSpec, str], str] = _as_inputs

    def next_plan(self, situation: Situation) -> Plan:
        """Return the plan of the next session, without its id.

        Raises RequestRefused if a range is requested but datasets of the mode have no ranges.
        """
        if situation.restatement is None:
            return self.plan(situation)
        return self.restating(situation.spec.dataset)(situation)

    def restating(self, dataset: str) -> Callable[[Situation], Plan]:
        """Return the function that plans a rebuild of a range. Raises RequestRefused if the dataset has no ranges."""
        if self.restate is None:
            raise RequestRefused(
                f"{dataset}: a {self.name} dataset has no ranges to rebuild. Run it without from and to"
            )
        return self.restate
