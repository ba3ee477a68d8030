"""A dataset spec as frozen data. It is the only definition of a column's name, type, meaning and checks."""

from __future__ import annotations

from collections.abc import Mapping
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
        """The name of the partition field in the table. Spark would choose the same name."""
        return self.column if self.transform == "identity" else f"{self.column}_{self.transform}"


@dataclass(frozen=True)
class InputSpec:
    """One input of a dataset. A target row at t depends on the input's event times in [t - before, t + after].

    `before` is None if the window reaches back to the beginning. `rows` marks the input that gives the rows: if it
    has no row, the target has none. `keep` is how long the input keeps its rows; the removal of whole partitions
    that are older is no change. `touches` names a column of an input without event time, in which each row lists the
    times that it affects. `read` is `added` if a version reads only the rows added since the last version.
    `news_if` names the function that decides from file bounds whether added rows matter. `renamed` says for columns of
    the input in which column of the target their value stands, if it has another name there.
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
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One column. `type` is a type of the spec language, as text; `min` and `max` are inclusive."""

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
    """One check on all rows that a session wrote, with its severity and its reason.

    `shows` is the column whose values are shown as examples of rows that meet the condition.
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
    """Where a source's files are and how they are read. Specs of one group share their files.

    The dataset `quarantine` stores the records that cannot be read. It is None in two cases: the source is itself the
    quarantine of others, or `loses_refusals` is set, which the spec states as `quarantine: none`.
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
    """The whole spec of one dataset."""

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
    fresh_within: timedelta | None = None
    known_time: str | None = None
    accounted_by: str | None = None

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
        """Whether the dataset has inputs and an event time, so that a range of it can be rebuilt."""
        return self.event_time is not None and bool(self.inputs)

    @property
    def event_unit(self) -> Literal["day", "hour"]:
        """`day` if the event time is a date, so that a row stands for a whole UTC day, otherwise `hour`."""
        if self.event_time is not None and self.columns[self.event_time].type == "date":
            return "day"
        return "hour"
