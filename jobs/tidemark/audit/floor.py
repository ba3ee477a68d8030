"""The floor judged by metadata. What the files do not say is left open, for the pass over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tidemark.audit.files import ColumnFacts, StagedFiles
from tidemark.audit.report import CheckResult, cut
from tidemark.audit.rules import Rule
from tidemark.spec import DatasetSpec
from tidemark.spec.render.iceberg import to_schema
from tidemark.state.ranges import Interval, Ranges, describe, format_instant, subtract


@dataclass(frozen=True)
class Verdict:
    """What metadata says of a rule: kept, broken, or (None) nothing. `unexpected` where it even counts."""

    passed: bool | None
    observed: str = ""
    unexpected: int | None = None


OPEN = Verdict(None)


def judge(rule: Rule, files: StagedFiles) -> Verdict:
    """Judge a rule by the added files' own counts and bounds."""
    facts = files.facts(rule.column)
    if not facts:
        return Verdict(True, "no rows", 0)
    match rule.kind:
        case "not null":
            return _counted([f.nulls for f in facts], "null")
        case "a number":
            return _counted([0 if f.empty and not f.nans else f.nans for f in facts], "NaN")
        case "within bounds":
            return _bounded(rule, [f for f in facts if not f.empty])
        case "in ranges":
            return _in_ranges(rule.ranges, [f for f in facts if not f.empty])
        case _:
            return OPEN


def _counted(counts: Sequence[int | None], what: str) -> Verdict:
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return OPEN
    total = sum(known)
    return Verdict(total == 0, f"{total} {what}{'' if total == 1 else 's'}", total)


def _bounded(rule: Rule, facts: Sequence[ColumnFacts]) -> Verdict:
    if not facts:
        return Verdict(True, "no values", 0)
    if not all(f.bounded and isinstance(f.least, int | float | Decimal) for f in facts):
        return OPEN
    least, most = min(f.least for f in facts), max(f.most for f in facts)
    inside = (rule.low is None or least >= rule.low) and (rule.high is None or most <= rule.high)
    return Verdict(inside, f"{least} to {most}")


def _in_ranges(ranges: Ranges, facts: Sequence[ColumnFacts]) -> Verdict:
    """Kept where each file lies in one interval; a file that spans a gap proves nothing either way."""
    if not facts:
        return Verdict(True, "no values", 0)
    if not all(f.bounded for f in facts):
        return OPEN
    spans = [span_of(f) for f in facts]
    observed = f"{format_instant(min(s.start for s in spans))} to {format_instant(max(s.end for s in spans))}"
    outside = [span for span in spans if subtract((span,), ranges)]
    if not outside:
        return Verdict(True, observed)
    ends = [i for span in outside for i in _ends(span)]
    broken = any(subtract((end,), ranges) for end in ends)
    return Verdict(False if broken else None, observed)


def _ends(span: Interval) -> tuple[Interval, Interval]:
    """The least and the greatest instant of a file: rows certainly stand there."""
    step = timedelta(microseconds=1)
    return Interval(span.start, span.start + step), Interval(span.end - step, span.end)


def span_of(facts: ColumnFacts) -> Interval:
    """The instants between a file's bounds, half-open; a date is its whole UTC day."""
    return Interval(_instant(facts.least), _instant(facts.most) + _unit(facts.most))


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    assert isinstance(value, date), "event times are instants or dates"
    return datetime.combine(value, time(), UTC)


def _unit(value: Any) -> timedelta:
    return timedelta(microseconds=1) if isinstance(value, datetime) else timedelta(days=1)


def check_schema(spec: DatasetSpec, files: StagedFiles) -> CheckResult:
    """Columns and types as the spec says. What may be null is the rows' matter, not the schema's."""
    wanted = {field.name: str(field.field_type) for field in to_schema(spec).fields}
    found = {field.name: str(field.field_type) for field in files.schema.fields}
    wrong = [
        f"{name} is {found.get(name, 'missing')}, not {kind}"
        for name, kind in wanted.items()
        if found.get(name) != kind
    ]
    wrong += [f"{name} is not in the spec" for name in found if name not in wanted]
    observed = "; ".join(wrong) if wrong else f"{len(found)} columns"
    return _floor("columns and types", not wrong, cut(observed, 300), "as the spec says", "readers rely on the spec")


def check_bounds(event_time: str, files: StagedFiles) -> CheckResult:
    """Each file tells its event times: without them no reader could follow what changed."""
    facts = files.facts(event_time)
    silent = sum(not f.bounded and not f.empty for f in facts)
    return _floor(
        f"{event_time} has bounds in every file",
        silent == 0,
        f"{silent} of {len(facts)} files without bounds",
        "0 files without bounds",
        f"readers follow changes by these bounds; write.metadata.metrics.column.{event_time}=full gives them",
    )


def check_rows(files: StagedFiles, expected_rows: int, rows_due: bool) -> list[CheckResult]:
    """The staged rows against what the writer reported, and whether there had to be any."""
    rows = files.rows
    checks = [
        _floor(
            "rows reconciled with the writer",
            rows == expected_rows,
            f"{rows} rows in {len(files.added)} files",
            f"{expected_rows} rows written",
            "nothing is lost or doubled between writing and storing",
        )
    ]
    if rows_due:
        checks.append(
            _floor("rows are there", rows > 0, f"{rows} rows", "at least 1 row", "rows were due in this session")
        )
    return checks


def check_clipped(rows_clipped: int) -> CheckResult:
    """A count for people; it never fails."""
    because = "the transform gave rows outside the plan's ranges; they are counted, never dropped in silence"
    return CheckResult(
        "rows clipped away", "floor", "warn", True, f"{rows_clipped} rows", "any number", because=because
    )


def check_removed(event_time: str, files: StagedFiles, ranges: Ranges) -> CheckResult:
    """What the session removed lies inside its ranges."""
    spans = [span_of(f) for f in files.removed_facts(event_time) if f.bounded]
    beyond = [span for span in spans if subtract((span,), ranges)]
    unknown = len(files.removed) - len(spans)
    return _floor(
        "removed rows inside the session's ranges",
        not beyond and not unknown,
        f"{len(beyond)} of {len(files.removed)} removed files reach outside"
        + (f", {unknown} unknown" if unknown else ""),
        describe(ranges),
        "a session changes only the hours that its plan names",
    )


def check_only_added(files: StagedFiles) -> CheckResult:
    """A session that appends takes nothing away."""
    removed = sum(file.record_count for file in files.removed)
    return _floor("nothing removed", not files.removed, f"{removed} rows removed", "0 rows removed", "the plan appends")


def _floor(check: str, passed: bool, observed: str, expected: str, because: str) -> CheckResult:
    return CheckResult(check, "floor", "fail", passed, observed, expected, because=because)
