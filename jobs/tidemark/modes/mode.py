"""What a mode is: how sessions of its datasets are planned, and what a spec of it may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidemark.errors import RequestRefused
from tidemark.planning.situation import Situation
from tidemark.spec.model import Replace
from tidemark.state.plan import Plan


def _no_rows(situation: Situation) -> str | None:
    return None


@dataclass(frozen=True)
class Mode:
    """One way in which a dataset follows its inputs.

    `plan` plans a session that takes in news or resyncs, `restate` one that rebuilds a given range (None: the
    dataset has no ranges). `rows_looked_at` names the input whose row times both depend on, so that they are
    gathered only where they matter.

    A spec of the mode needs the keys `needed` and may not have the keys `refused`. `windows`: its inputs may have
    one. `one_input`: it has exactly one. `reads_itself`: it may. `reads_news`: its inputs may say `read` and
    `news_if`. `row_for_row`: each row that an input adds gives rows, so that an audit that finds none fails.
    `replaces` is the spec's `replace` where it does not give one.
    """

    name: str
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
    rows_looked_at: Callable[[Situation], str | None] = _no_rows

    def next_plan(self, situation: Situation) -> Plan:
        """The plan of the next session, without its id. Raises RequestRefused for a range where there are none."""
        if situation.restatement is None:
            return self.plan(situation)
        return self.restating(situation.spec.dataset)(situation)

    def restating(self, dataset: str) -> Callable[[Situation], Plan]:
        """How a range of the dataset is rebuilt. Raises RequestRefused where it has no ranges."""
        if self.restate is None:
            raise RequestRefused(
                f"{dataset}: a {self.name} dataset has no ranges to rebuild; run it without from and to"
            )
        return self.restate
