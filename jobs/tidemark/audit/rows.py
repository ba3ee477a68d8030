"""Read the changed rows in Spark, count the rows that break a rule, and show examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemark.audit.files import StagedFiles
from tidemark.audit.findings import FailingRow, row_from
from tidemark.audit.rules import Rule
from tidemark.engine.frames import read_added, read_at, within
from tidemark.spec import Column as SpecColumn
from tidemark.spec import DatasetSpec
from tidemark.spec.column_types import ListOf, MapOf, parse_type
from tidemark.state.ranges import Ranges

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

EXAMPLES = 5
"""The number of rows shown for each failed check."""

WHERE = ("file_path", "file_id", "place")
"""The columns that name where a row landed, in the datasets that have them."""


@dataclass(frozen=True)
class ChangedRows:
    """The rows that a session changed. They are read by snapshot id, never by a branch's name."""

    spark: SparkSession
    spec: DatasetSpec
    snapshot_id: int
    base_snapshot_id: int
    ranges: Ranges | None
    appended_only: bool
    files: StagedFiles

    def frame(self) -> DataFrame:
        """Return the rows that will be new to readers: the appended rows, or all rows inside the ranges."""
        if self.appended_only:
            return read_added(self.spark, self.spec.dataset, self.base_snapshot_id, self.snapshot_id)
        rows = read_at(self.spark, self.spec.dataset, self.snapshot_id)
        if self.ranges is None or self.spec.event_time is None:
            return rows
        return rows.where(within(self.spec.columns[self.spec.event_time], self.ranges))

    def added(self) -> DataFrame:
        """Return the rows of the added files, including rows outside the ranges."""
        from pyspark.sql import functions as F

        if self.appended_only:
            return self.frame()
        rows = read_at(self.spark, self.spec.dataset, self.snapshot_id)
        return rows.where(F.col("_file").isin(self.files.paths))

    def count(self, rules: Sequence[Rule]) -> dict[Rule, int]:
        """Return how many rows break each rule, in one pass over the columns concerned. Without rules, read nothing."""
        inside = [rule for rule in rules if not rule.beyond_ranges]
        beyond = [rule for rule in rules if rule.beyond_ranges]
        return {**self._count(self.frame, inside), **self._count(self.added, beyond)}

    def _count(self, read: Callable[[], DataFrame], rules: Sequence[Rule]) -> dict[Rule, int]:
        from pyspark.sql import functions as F

        if not rules:
            return {}
        broken = [violation(rule, self.spec.columns[rule.column]) for rule in rules]
        row = read().agg(*(F.count_if(condition).alias(f"r{i}") for i, condition in enumerate(broken))).collect()[0]
        return {rule: int(row[i]) for i, rule in enumerate(rules)}

    def show(self, rule: Rule) -> tuple[FailingRow, ...]:
        """Return examples of rows that break a rule."""
        frame = self.added() if rule.beyond_ranges else self.frame()
        return self.show_where(frame, violation(rule, self.spec.columns[rule.column]), (rule.column,))

    def show_where(
        self, frame: DataFrame, condition: Column, checked: Iterable[str], shown: str | None = None
    ) -> tuple[FailingRow, ...]:
        """Return examples of rows for which a condition is true: the checked columns, the grain, and their place."""
        from pyspark.sql import functions as F

        columns = tuple(dict.fromkeys((*checked, *([shown] if shown else []))))
        where = [name for name in WHERE if name in self.spec.columns]
        named = list(dict.fromkeys((*columns, *self.spec.grain, *where)))
        texts = [F.col(name).cast("string").alias(f"c{i}") for i, name in enumerate(named)]
        found = frame.where(condition).orderBy(*self.spec.grain).limit(EXAMPLES).select(*texts).collect()
        rows = (dict(zip(named, row, strict=True)) for row in found)
        return tuple(row_from(row, columns, self.spec.grain, shown) for row in rows)


def violation(rule: Rule, checked: SpecColumn) -> Column:
    """Return the condition that is true exactly for rows that break the rule on the column `checked`."""
    from pyspark.sql import functions as F

    column = F.col(rule.column)
    match rule.kind:
        case "not null":
            return column.isNull()
        case "a number":
            return F.isnan(column)
        case "within bounds":
            return _outside(column, rule)
        case "one of":
            return ~column.isin(list(rule.values))
        case "not longer":
            nested = isinstance(parse_type(checked.type), ListOf | MapOf)
            return (F.size(column) if nested else F.length(column)) > rule.length
        case "in ranges":
            return ~within(checked, rule.ranges)


def _outside(column: Column, rule: Rule) -> Column:
    """Return the condition for values outside the bounds.

    NaN is excluded. Spark orders it above all numbers, but the rule `a number` checks it.
    """
    from pyspark.sql import functions as F

    below = F.lit(False) if rule.low is None else column < F.lit(rule.low)
    above = F.lit(False) if rule.high is None else column > F.lit(rule.high)
    return (below | above) & ~F.isnan(column.cast("double"))
