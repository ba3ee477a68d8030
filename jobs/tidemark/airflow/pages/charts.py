"""Small charts as inline SVG. They hold no text, so that they can be as wide as a card on any screen.

Colours come from the style sheet. `<title>` names the numbers for readers who cannot see the chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, MARGIN = 320, 84, 6
NEAR = 2.0
"""A bound is drawn if it is at most this many times the spread of the numbers away from them. If a far bound were
drawn, the numbers would look like a flat line."""
FLAT = 0.05
"""The part of an unchanging number that its chart leaves above and below it."""


@dataclass(frozen=True)
class Point:
    """What was observed at one time: the least and the greatest number, equal if it was one number, and a tone."""

    low: float
    high: float
    tone: str = ""


def chart(points: Sequence[Point], least: float | None, most: float | None, title: str) -> str:
    """Return a chart of points in their order, evenly spaced. `least` and `most` are bounds that they should keep."""
    shown = _Scale.of(points, [bound for bound in (least, most) if bound is not None])
    body = [*_limits(shown, (least, most)), *_course(shown, points), *_marks(shown, points)]
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{escape(title)}</title>'
        f"{''.join(body)}</svg>"
    )


@dataclass(frozen=True)
class _Scale:
    """Turns places and numbers into coordinates."""

    bottom: float
    top: float
    count: int

    @classmethod
    def of(cls, points: Sequence[Point], bounds: Iterable[float]) -> _Scale:
        low, high = min(point.low for point in points), max(point.high for point in points)
        spread = (high - low) or abs(high) * FLAT or 1.0
        near = [bound for bound in bounds if low - NEAR * spread <= bound <= high + NEAR * spread]
        bottom, top = min(low, *near, low), max(high, *near, high)
        return cls(bottom - spread * FLAT, top + spread * FLAT, len(points))

    def x(self, number: int) -> float:
        step = (WIDTH - 2 * MARGIN) / max(1, self.count - 1)
        return round(MARGIN + number * step if self.count > 1 else WIDTH / 2, 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - MARGIN - (value - self.bottom) / (self.top - self.bottom) * (HEIGHT - 2 * MARGIN), 1)

    def holds(self, value: float) -> bool:
        return self.bottom <= value <= self.top


def _limits(scale: _Scale, bounds: Iterable[float | None]) -> Iterator[str]:
    for bound in bounds:
        if bound is not None and scale.holds(bound):
            y = scale.y(bound)
            yield f'<line class="limit" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>'


def _course(scale: _Scale, points: Sequence[Point]) -> Iterator[str]:
    upper = [f"{scale.x(number)},{scale.y(point.high)}" for number, point in enumerate(points)]
    lower = [f"{scale.x(number)},{scale.y(point.low)}" for number, point in enumerate(points)]
    if upper != lower:
        yield f'<polygon class="band" points="{" ".join([*upper, *reversed(lower)])}"/>'
        yield f'<polyline class="course" points="{" ".join(lower)}"/>'
    yield f'<polyline class="course" points="{" ".join(upper)}"/>'


def _marks(scale: _Scale, points: Sequence[Point]) -> Iterator[str]:
    """Mark the points that have a tone, and the last one."""
    for number, point in enumerate(points):
        if point.tone or number == len(points) - 1:
            tone = escape(point.tone or "last")
            yield f'<circle class="point {tone}" cx="{scale.x(number)}" cy="{scale.y(point.high)}" r="3.2"/>'
