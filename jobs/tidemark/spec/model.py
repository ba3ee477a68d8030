"""A dataset spec as frozen data: the only place where a column's name, type, meaning and checks stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

Severity = Literal["fail", "warn"]
WaitsFor = Literal["complete_through", "final_through"]
Replace = Literal["append", "whole"]
InputRead = Literal["all", "added"]
OnChange = Literal["rebuild", "from_now_on"]
PartitionTransform = Literal["hour", "day", "month", "identity"]
ExpectationKind = Literal["rows_where", "row_count", "mean", "distinct"]


@dataclass(frozen=True)
class Partition:
    """One partition field: a transform of a column."""

    transform: PartitionTransform
    column: str

    @property
    def field_name(self) -> str:
        """What the partition field is called in the table, as Spark would call it."""
        return self.column if self.transform == "identity" else f"{self.column}_{self.transform}"


@dataclass(frozen=True)
class InputSpec:
    """One input and what a target row looks at: its event times in [t - before, t + after].

    `before` None reaches back to the beginning. `rows` marks the input that gives the rows. `keep` says how
    long the input holds its rows: whole partitions older than this vanish without being a change.
    `touches` names the column in which a row of an input without event time lists the times that it affects.
    `read` is `added` where a version is made from the rows that came since the last one. `news_if` names the
    function that tells from file bounds whether added rows can matter.
    """

    name: str
    dataset: str
    event_time: str | None = None
    before: timedelta | None = timedelta(0)
    after: timedelta = timedelta(0)
    rows: bool = False
    optional: bool = False
    waits_for: WaitsFor = "complete_through"
    keep: timedelta | None = None
    touches: str | None = None
    read: InputRead = "all"
    news_if: str | None = None


@dataclass(frozen=True)
class Column:
    """One column. `type` is in the spec's own words; `min` and `max` are inclusive."""

    name: str
    type: str
    means: str
    required: bool = False
    unit: str | None = None
    min: float | None = None
    max: float | None = None
    one_of: tuple[Any, ...] | None = None
    max_length: int | None = None


@dataclass(frozen=True)
class Expectation:
    """One check of the whole session's rows, with its severity and its reason.

    `shows` is the column whose values are shown as examples of the rows that were found.
    """

    kind: ExpectationKind
    severity: Severity
    because: str
    condition: str | None = None
    column: str | None = None
    at_most: float | None = None
    min: float | None = None
    max: float | None = None
    shows: str | None = None


@dataclass(frozen=True)
class LandingSpec:
    """Where a source's files lie and how they are read. Specs of one group share their files.

    What cannot be read is kept by the dataset `quarantine`. Without one, the source is itself a quarantine of
    others, or it `loses_refusals`, which its spec has to say.
    """

    group: str
    folders: tuple[str, ...]
    parser: str
    completeness: Literal["clock", "static"] = "clock"
    settling: timedelta = timedelta(minutes=15)
    quarantine: str | None = None
    loses_refusals: bool = False


@dataclass(frozen=True)
class DatasetSpec:
    """Everything that is written about one dataset."""

    dataset: str
    why: str
    grain: tuple[str, ...]
    mode: str
    columns: dict[str, Column]
    path: Path
    event_time: str | None = None
    partition_by: tuple[Partition, ...] = ()
    transform: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    inputs: dict[str, InputSpec] = field(default_factory=dict)
    replace: Replace | None = None
    catch_up_limit: timedelta | None = None
    max_range: timedelta | None = None
    on_change: OnChange = "rebuild"
    landing: LandingSpec | None = None
    expectations: tuple[Expectation, ...] = ()

    @property
    def namespace(self) -> str:
        """The part of the dataset's name before the dot."""
        return self.dataset.split(".")[0]

    @property
    def name(self) -> str:
        """The part of the dataset's name after the dot."""
        return self.dataset.split(".")[1]

    @property
    def rebuilds_ranges(self) -> bool:
        """Whether it is computed from inputs and along event time, so that a range of it can be rebuilt."""
        return self.event_time is not None and bool(self.inputs)

    @property
    def event_unit(self) -> Literal["day", "hour"]:
        """`day` where a row is a whole UTC day (its event time is a date), else `hour`."""
        if self.event_time is not None and self.columns[self.event_time].type == "date":
            return "day"
        return "hour"
