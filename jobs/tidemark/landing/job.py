"""The job description that a landing session sends to its Spark workers: small plain data, made from specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidemark.errors import LandingError
from tidemark.landing.rows.instants import EARLIEST, read_instant, to_micros
from tidemark.landing.rows.values import CONVERTERS, ColumnRule
from tidemark.spec import parse_duration
from tidemark.state.effect import AppendFiles
from tidemark.state.ranges import MICROSECOND

if TYPE_CHECKING:
    from tidemark.settings import Settings
    from tidemark.spec import DatasetSpec
    from tidemark.state.plan import Plan

LONGEST_LINE = 16 << 20
"""The longest line that is read as a record, in bytes, by default (`landing.longest_line`)."""
ADDED = ("record_id", "file_id", "file_path", "place", "arrived_at")
"""Columns that landing itself fills if a spec has them. It also fills `dated`."""


@dataclass(frozen=True)
class Shape:
    """The columns of a landed dataset and which of them is the event time."""

    name: str
    event_time: str | None
    columns: tuple[ColumnRule, ...]

    @property
    def takes_undated(self) -> bool:
        """Whether records without a time are accepted: if the dataset has a column `dated`.

        Such a record gets the time 0 (1970), as if it had always been known, and `dated` is false.
        """
        return any(column.name == "dated" for column in self.columns)


@dataclass(frozen=True)
class Job:
    """The work of one session: rows of `target`, or refused records if `target` is the quarantine.

    `parsers` maps each folder to the name of its parser. `clock` and `earliest` are in microseconds since 1970. A
    record is refused if it is dated before `earliest`, or more than `tolerance` microseconds after its file was
    written. If `history` is set, a record without an hour in its path arrived at its own event time.
    """

    root: str
    target: Shape
    quarantine: bool
    shapes: Mapping[str, Shape]
    parsers: Mapping[str, str]
    settings: Mapping[str, Any]
    clock: int
    earliest: int
    tolerance: int
    history: bool
    longest_line: int


def make_job(settings: Settings, spec: DatasetSpec, specs: Mapping[str, DatasetSpec], plan: Plan) -> Job:
    """Return the job of a session of `spec`. Other specs of its group may read the same files.

    Raises LandingError if a column has a type that landing cannot write.
    """
    feeds = _feeds(spec, specs)
    values = settings.values.get("landing", {})
    tolerance = parse_duration(str(values.get("future_tolerance", "1d")))
    return Job(
        root=str(settings.landing),
        target=_shape(spec),
        quarantine=spec.dataset not in {feed.dataset for feed in feeds},
        shapes={feed.name: _shape(feed) for feed in feeds},
        parsers={folder: feed.landing.parser for feed in feeds if feed.landing for folder in feed.landing.folders},
        settings={key: settings.values.get(key) for feed in feeds for key in feed.settings},
        clock=to_micros(plan.clock),
        earliest=read_instant(str(values.get("earliest", EARLIEST))),
        tolerance=tolerance // MICROSECOND,
        history=isinstance(plan.effect, AppendFiles) and plan.effect.history,
        longest_line=int(values.get("longest_line", LONGEST_LINE)),
    )


def groups_of(spec: DatasetSpec, specs: Mapping[str, DatasetSpec]) -> dict[str, str]:
    """Return the group of each folder that a session of `spec` reads."""
    feeds = _feeds(spec, specs)
    return {folder: feed.landing.group for feed in feeds if feed.landing for folder in feed.landing.folders}


def _feeds(spec: DatasetSpec, specs: Mapping[str, DatasetSpec]) -> list[DatasetSpec]:
    """Return the specs of all datasets into which records of the spec's files may land.

    These are the sources of its group or, for a quarantine, all sources that name it.
    """
    sources = [s for s in specs.values() if s.landing is not None]
    quarantined = [
        s for s in sources if s.landing and s.landing.quarantine == spec.dataset and s.dataset != spec.dataset
    ]
    if quarantined:
        return quarantined
    group = spec.landing.group if spec.landing else None
    quarantines = {s.landing.quarantine for s in sources if s.landing}
    return [s for s in sources if s.landing and s.landing.group == group and s.dataset not in quarantines]


def _shape(spec: DatasetSpec) -> Shape:
    return Shape(spec.name, spec.event_time, tuple(_rules(spec)))


def _rules(spec: DatasetSpec) -> Iterable[ColumnRule]:
    for c in spec.columns.values():
        if c.type.replace(" ", "") not in CONVERTERS:
            raise LandingError(
                f"{spec.path}: column {c.name} has type {c.type}, which landing cannot write; "
                f"use one of {', '.join(CONVERTERS)}"
            )
        yield ColumnRule(c.name, c.type.replace(" ", ""), c.required, c.min, c.max, c.one_of, c.max_length)
