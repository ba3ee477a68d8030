"""Whether a table is complete through an instant, read from its metadata. No engine is started, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidemark.catalog import Lake
from tidemark.errors import TidemarkError
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.target_integrity import since_published
from tidemark.operate.lakes import has_lake
from tidemark.settings import Settings
from tidemark.state.ranges import format_instant
from tidemark.state.watermark import Watermark
from tidemark.support.error_translation import translating_errors


@dataclass(frozen=True)
class Completeness:
    """How far a table is complete (or final, if `final` is set) at one moment.

    `through` is None if nothing limits the table. If `problem` is set, the table promises nothing: nothing is
    published, main was rolled back, or the lake cannot be read.
    """

    dataset: str
    final: bool
    through: datetime | None = None
    problem: str = ""

    def reaches(self, wanted: datetime) -> bool:
        """Whether the table is complete, or final, before the instant `wanted`."""
        return not self.problem and (self.through is None or self.through >= wanted)

    def describe(self) -> str:
        """Return a sentence for people, without the full stop."""
        word = "final" if self.final else "complete"
        if self.problem:
            return f"{self.dataset} is not {word}: {self.problem}"
        if self.through is None:
            return f"{self.dataset} is {word}: no source limits it"
        return f"{self.dataset} is {word} through {format_instant(self.through)}"


def read_completeness(settings: Settings, dataset: str, final: bool = False) -> Completeness:
    """Return how far a table is complete, as its metadata says now.

    A lake that does not exist yet or cannot be read is a problem in the result, not an error.
    """
    if not has_lake(settings):
        return Completeness(dataset, final, problem=f"there is no lake in {settings.home} yet")
    try:
        with translating_errors(dataset):
            return _read(settings, dataset, final)
    except TidemarkError as error:
        return Completeness(dataset, final, problem=f"it cannot be read ({_what(error)})")


def _read(settings: Settings, dataset: str, final: bool) -> Completeness:
    lake = Lake(settings)
    try:
        table = lake.find_table(dataset)
        mark = watermark_of(table) if table is not None else None
        if table is None or mark is None:
            return Completeness(dataset, final, problem="nothing is published yet")
        if since_published(table, mark) is None:
            return Completeness(dataset, final, problem=_rolled_back(mark))
        return Completeness(dataset, final, mark.final_through if final else mark.complete_through)
    finally:
        lake.catalog.engine.dispose()


def _what(error: TidemarkError) -> str:
    """Return what is wrong. What the message says next is meant for sessions and would mislead whoever waits."""
    return str(error).partition(". ")[0]


def _rolled_back(mark: Watermark) -> str:
    return f"main no longer holds snapshot {mark.snapshot}, which session {mark.session} published"
