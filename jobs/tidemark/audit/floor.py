"""Check the floor by the metadata of files. Rules that metadata cannot decide are left to the pass over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tidemark.audit.files import ColumnFacts, StagedFiles
from tidemark.audit.findings import Measure, measure_of
from tidemark.audit.report import CheckResult
from tidemark.audit.rules import Rule
from tidemark.spec import DatasetSpec
from tidemark.spec.render.iceberg import to_schema
from tidemark.state.ranges import Interval, Ranges, describe, format_instant, subtract
from tidemark.support.text import count, cut


@dataclass(frozen=True)
class Verdict:
    """Whether metadata shows that a rule holds. `passed` is None if metadata does not decide it.

    `unexpected` is the number of violating rows, None if metadata does not count them. `measure` is what metadata shows
    as numbers.
    """

    passed: bool | None
    observed: str = ""
    unexpected: int | None = None
    measure: Measure | None = None


UNDECIDED = Verdict(None)


def judge(rule: Rule, files: StagedFiles) -> Verdict:
    """Decide a rule by the value counts and bounds in the metadata of the added files, as far as possible."""
    facts = files.facts(rule.column)
    if not facts:
        return Verdict(True, "no rows", 0)
    match rule.kind:
        case "not null":
            return _judge_counts([f.nulls for f in facts], "null")
        case "a number":
            return _judge_counts([0 if f.empty and not f.nans else f.nans for f in facts], "NaN")
        case "within bounds":
            return _judge_bounds(rule, [f for f in facts if not f.empty])
        case "in ranges":
            return _judge_ranges(rule.ranges, [f for f in facts if not f.empty])
        case _:
            return UNDECIDED


def _judge_counts(counts: Sequence[int | None], noun: str) -> Verdict:
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return UNDECIDED
    total = sum(known)
    return Verdict(total == 0, f"{total} {noun}{'' if total == 1 else 's'}", total)


def _judge_bounds(rule: Rule, facts: Sequence[ColumnFacts]) -> Verdict:
    if not facts:
        return Verdict(True, "no values", 0)
    if not all(f.bounded and isinstance(f.least, int | float | Decimal) for f in facts):
        return UNDECIDED
    least, most = min(f.least for f in facts), max(f.most for f in facts)
    inside = (rule.low is None or least >= rule.low) and (rule.high is None or most <= rule.high)
    return Verdict(inside, f"{least} to {most}", measure=Measure(least, most, rule.low, rule.high))


def _judge_ranges(ranges: Ranges, facts: Sequence[ColumnFacts]) -> Verdict:
    """Decide whether event times are inside the ranges. A file that spans a gap between ranges decides nothing.

    The rule holds if the bounds of each file are inside the ranges without a gap. It is broken if the least or the
    greatest event time of a file is outside, because rows with these times exist.
    """
    if not facts:
        return Verdict(True, "no values", 0)
    if not all(f.bounded for f in facts):
        return UNDECIDED
    intervals = [bounds_interval(f) for f in facts]
    first, last = min(i.start for i in intervals), max(i.end for i in intervals)
    observed = f"{format_instant(first)} to {format_instant(last)}"
    outside = [interval for interval in intervals if subtract((interval,), ranges)]
    if not outside:
        return Verdict(True, observed)
    ends = [end for interval in outside for end in _ends(interval)]
    broken = any(subtract((end,), ranges) for end in ends)
    return Verdict(False if broken else None, observed)


def _ends(interval: Interval) -> tuple[Interval, Interval]:
    """Return the first and the last microsecond of an interval."""
    step = timedelta(microseconds=1)
    return Interval(interval.start, interval.start + step), Interval(interval.end - step, interval.end)


def bounds_interval(facts: ColumnFacts) -> Interval:
    """Return the half-open interval from a file's lower to its upper bound. A date stands for its whole UTC day."""
    return Interval(_instant(facts.least), _instant(facts.most) + _unit(facts.most))


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    assert isinstance(value, date), "event times are instants or dates"
    return datetime.combine(value, time(), UTC)


def _unit(value: Any) -> timedelta:
    return timedelta(microseconds=1) if isinstance(value, datetime) else timedelta(days=1)


def check_schema(spec: DatasetSpec, files: StagedFiles) -> CheckResult:
    """Check that columns and types are those of the spec. Nulls are checked in the rows, not in the schema."""
    wanted = {field.name: str(field.field_type) for field in to_schema(spec).fields}
    found = {field.name: str(field.field_type) for field in files.schema.fields}
    wrong = [
        f"{name} is {found.get(name, 'missing')}, not {kind}"
        for name, kind in wanted.items()
        if found.get(name) != kind
    ]
    wrong += [f"{name} is not in the spec" for name in found if name not in wanted]
    observed = "; ".join(wrong) if wrong else f"{len(found)} columns"
    return _floor("columns and types", not wrong, cut(observed, 300), "those of the spec", "readers rely on the spec")


def check_bounds(event_time: str, files: StagedFiles) -> CheckResult:
    """Check that each file has bounds for its event times. Readers find out by them which times changed."""
    facts = files.facts(event_time)
    unbounded = sum(not f.bounded and not f.empty for f in facts)
    return _floor(
        f"{event_time} has bounds in every file",
        unbounded == 0,
        f"{unbounded} of {len(facts)} files without bounds",
        "0 files without bounds",
        f"readers find changes by these bounds; set the table property write.metadata.metrics.column.{event_time}=full",
    )


def check_rows(files: StagedFiles, expected_rows: int, rows_due: bool) -> list[CheckResult]:
    """Compare the number of staged rows with what the writer reported. If `rows_due` is set, zero rows fail."""
    rows = files.rows
    checks = [
        _floor(
            "rows reconciled with the writer",
            rows == expected_rows,
            f"{count(rows, 'row')} in {count(len(files.added), 'file')}",
            f"{count(expected_rows, 'row')} written",
            "no row may be lost or duplicated between writing and storing",
        )
    ]
    if rows_due:
        checks.append(
            _floor(
                "rows are there",
                rows > 0,
                count(rows, "row"),
                "at least 1 row",
                "each row that was added to the input gives at least one row",
            )
        )
    return checks


def check_clipped(rows_clipped: int) -> CheckResult:
    """Report the number of clipped rows. This check never fails."""
    because = "the transform returned rows outside the plan's ranges; they are not written, and are counted here"
    found, measure = count(rows_clipped, "row"), measure_of(rows_clipped)
    return CheckResult(
        "rows clipped away", "floor", "warn", True, found, "any number", because=because, measure=measure
    )


def check_removed(event_time: str, files: StagedFiles, ranges: Ranges) -> CheckResult:
    """Check that the session removed rows only inside its ranges."""
    intervals = [bounds_interval(f) for f in files.removed_facts(event_time) if f.bounded]
    beyond = [interval for interval in intervals if subtract((interval,), ranges)]
    unknown = len(files.removed) - len(intervals)
    return _floor(
        "removed rows inside the session's ranges",
        not beyond and not unknown,
        f"{len(beyond)} of {len(files.removed)} removed files reach outside"
        + (f", {unknown} have no bounds" if unknown else ""),
        describe(ranges),
        "a session may change only the ranges in its plan",
    )


def check_only_added(files: StagedFiles) -> CheckResult:
    """Check that a session that appends removes nothing."""
    removed = sum(file.record_count for file in files.removed)
    because = "the plan only adds rows"
    return _floor("nothing removed", not files.removed, f"{count(removed, 'row')} removed", "0 rows removed", because)


def _floor(check: str, passed: bool, observed: str, expected: str, because: str) -> CheckResult:
    return CheckResult(check, "floor", "fail", passed, observed, expected, because=because)
