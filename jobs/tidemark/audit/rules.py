"""The floor: the rules that a spec implies for every row, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tidemark.audit.report import bounds_text
from tidemark.spec import Column, DatasetSpec
from tidemark.state.ranges import Ranges, describe

RuleKind = Literal["not null", "within bounds", "a number", "one of", "not longer", "in ranges"]


@dataclass(frozen=True)
class Rule:
    """A condition on one column that each changed row must meet. A null meets every rule except `not null`.

    `low` and `high` are inclusive. `ranges` are the session's event times, for the kind `in ranges`.
    """

    kind: RuleKind
    column: str
    check: str
    expected: str
    because: str
    low: float | None = None
    high: float | None = None
    values: tuple[Any, ...] = ()
    length: int = 0
    ranges: Ranges = ()

    @property
    def beyond_ranges(self) -> bool:
        """Whether a violating row may be outside the session's ranges, so that all added files must be checked."""
        return self.kind == "in ranges" or (self.kind == "not null" and self.because == _HAS_EVENT_TIME)


_HAS_EVENT_TIME = "every row needs an event time"


def rules_of(spec: DatasetSpec, ranges: Ranges | None) -> tuple[Rule, ...]:
    """Return all rules of a spec, in the order of its columns. If `ranges` is None, any event time is allowed."""
    rules = [rule for column in spec.columns.values() for rule in _column_rules(column, spec)]
    if spec.event_time is not None and ranges:
        rules.append(_range_rule(spec.event_time, ranges))
    return tuple(rules)


def _column_rules(column: Column, spec: DatasetSpec) -> list[Rule]:
    means = f"{column.name}: {column.means}"
    rules = []
    if column.required or column.name in spec.grain or column.name == spec.event_time:
        because = _HAS_EVENT_TIME if column.name == spec.event_time else means
        rules.append(Rule("not null", column.name, f"{column.name} is never null", "0 nulls", because))
    if column.min is not None or column.max is not None:
        rules.extend(_bound_rules(column, means))
    if column.one_of is not None:
        named = ", ".join(str(value) for value in column.one_of)
        rules.append(
            Rule(
                "one of", column.name, f"{column.name} is a known value", f"one of {named}", means, values=column.one_of
            )
        )
    if column.max_length is not None:
        text = f"at most {column.max_length} long"
        rules.append(Rule("not longer", column.name, f"{column.name} is {text}", text, means, length=column.max_length))
    return rules


def _bound_rules(column: Column, means: str) -> list[Rule]:
    low, high = _plain(column.min), _plain(column.max)
    text = bounds_text(low, high)
    rules = [
        Rule("within bounds", column.name, f"{column.name} {text}", text, means, low=low, high=high),
    ]
    if column.type in ("double", "float"):
        rules.append(Rule("a number", column.name, f"{column.name} is a number", "no NaN", means))
    return rules


def _plain(bound: float | None) -> float | None:
    """Return a whole number as an int, so that it is shown as 0 instead of 0.0."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _range_rule(event_time: str, ranges: Ranges) -> Rule:
    return Rule(
        kind="in ranges",
        column=event_time,
        check=f"{event_time} inside the session's ranges",
        expected=describe(ranges),
        because="a session may change only the ranges in its plan",
        ranges=ranges,
    )
