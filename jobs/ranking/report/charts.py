"""Charts of the report as inline SVG. They need no script and no other file, and use the colours of the page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

WIDTH = 720
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """A linear map from values in [low, high] to pixels in [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel coordinate of a value."""
        spread = (self.high - self.low) or 1.0
        return round(self.start + (value - self.low) / spread * (self.end - self.start), 2)

    def ticks(self, count: int = 5) -> list[float]:
        """Return evenly spaced values from `low` to `high`."""
        return [self.low + (self.high - self.low) * step / (count - 1) for step in range(count)]

    def round_ticks(self) -> list[float]:
        """Return the multiples of a round step (1, 2 or 5 times a power of ten) between `low` and `high`, 3 to 9."""
        rough = ((self.high - self.low) or 1.0) / 8
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(each for each in (1, 2, 5, 10) if each * power >= rough)
        return [step * number for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


@dataclass(frozen=True)
class Whisker:
    """A named mean with its interval. If `strong`, it is drawn in the accent colour."""

    name: str
    strong: bool
    mean: float
    low: float
    high: float


def timeline(cuts: Sequence[Mapping[str, str | int]]) -> str:
    """Draw each cut as a bar over its label window, with a dot at the first day, whose features are used."""
    days = [_day(cut[end]) for cut in cuts for end in ("window_start", "window_end")]
    axis, row = Axis(min(days), max(days), 150, WIDTH - 90), 26
    body = [
        text(150, 14, str(date.fromordinal(min(days)))),
        text(WIDTH - 90, 14, str(date.fromordinal(max(days))), "end"),
    ]
    for number, cut in enumerate(sorted(cuts, key=lambda cut: (str(cut["window_end"]), str(cut["part"])))):
        left, right = (axis(_day(cut[end])) for end in ("window_start", "window_end"))
        top, part = 24 + number * row, str(cut["part"])
        body += [
            text(140, top + 13, f"{part}, to {cut['window_end']}", "end"),
            _bar(part, left, top, max(2.0, right - left), 17),
            f'<circle class="dot" cx="{left}" cy="{top + 8.5}" r="4"/>',
            text(right + 8, top + 13, f"{int(cut['rows']):,}"),
        ]
    return svg(24 + len(cuts) * row + 6, body, "The label window of each cut; a dot marks the day of its features")


def whiskers(items: Sequence[Whisker], signed: bool = False) -> str:
    """Draw means with their intervals, one per line, on a common scale.

    If `signed`, the values are differences: the scale contains 0, which a dashed line marks, and numbers have a sign.
    """
    low, high = min(item.low for item in items), max(item.high for item in items)
    if signed:
        low, high = min(low, 0.0), max(high, 0.0)
    pad = (high - low) * 0.08 or 0.01
    ends = (low - pad, high + pad) if signed else (max(0.0, low - pad), min(1.0, high + pad))
    axis, bottom, sign = Axis(*ends, 190, WIDTH - 70), 10 + 28 * len(items), "+" if signed else ""
    body = [
        line
        for tick in (axis.round_ticks() if signed else axis.ticks())
        for line in (
            f'<line class="grid" x1="{axis(tick)}" x2="{axis(tick)}" y1="4" y2="{bottom}"/>',
            text(axis(tick), bottom + 16, _difference(tick) if signed else f"{tick:.2f}", "middle"),
        )
    ]
    if signed:
        body.append(f'<line class="mark" x1="{axis(0)}" x2="{axis(0)}" y1="4" y2="{bottom}"/>')
    for number, item in enumerate(items):
        y, kind = 18 + 28 * number, "strong" if item.strong else "plain"
        body += [
            text(178, y + 4, item.name, "end", kind),
            f'<line class="whisker {kind}" x1="{axis(item.low)}" x2="{axis(item.high)}" y1="{y}" y2="{y}"/>',
            f'<circle class="mean {kind}" cx="{axis(item.mean)}" cy="{y}" r="5"/>',
            text(WIDTH - 62, y + 4, f"{item.mean:{sign}.3f}", "start", kind),
        ]
    what = "Difference in nDCG@10" if signed else "nDCG@10"
    return svg(bottom + 24, body, f"{what} with 95 % intervals")


def lines(series: Mapping[str, Points], title: str, across: str, mark: float | None = None) -> str:
    """Draw curves on common axes. `across` labels the horizontal axis; `mark` adds a vertical line at that value."""
    every = [point for points in series.values() for point in points]
    lows, highs = (
        [min(axis) for axis in zip(*every, strict=True)],
        [max(axis) for axis in zip(*every, strict=True)],
    )
    x, y = Axis(lows[0], highs[0], 52, WIDTH - 110), Axis(lows[1], highs[1], 210, 14)
    body = [
        line
        for tick in y.ticks()
        for line in (
            f'<line class="grid" x1="52" x2="{WIDTH - 110}" y1="{y(tick)}" y2="{y(tick)}"/>',
            text(44, y(tick) + 4, f"{tick:.2f}", "end"),
        )
    ]
    body += [text(x(tick), 230, f"{tick:.0f}", "middle") for tick in x.ticks()]
    if mark is not None:
        body.append(f'<line class="mark" x1="{x(mark)}" x2="{x(mark)}" y1="14" y2="210"/>')
    ends = apart([y(points[-1][1]) for points in series.values()])
    for number, ((name, points), end) in enumerate(zip(series.items(), ends, strict=True)):
        body += [
            f'<polyline class="curve s{number}" points="{_path(points, x, y)}"/>',
            text(WIDTH - 102, end + 4, name, "start", f"s{number}"),
        ]
    return svg(258, [*body, text((52 + WIDTH - 110) / 2, 250, across, "middle")], title)


def bars(values: Mapping[str, float], kinds: Mapping[str, str]) -> str:
    """Draw horizontal bars in the given order, each in the colour of its kind, with its share of the total."""
    total, top = sum(values.values()) or 1.0, max(values.values(), default=1.0) or 1.0
    axis, body = Axis(0, top, 250, WIDTH - 70), []
    for number, (name, value) in enumerate(values.items()):
        y = 6 + 24 * number
        body += [
            text(240, y + 13, name, "end"),
            _bar(kinds[name], 250, y, max(1.0, axis(value) - 250), 16),
            text(axis(value) + 8, y + 13, f"{value / total:.1%}"),
        ]
    return svg(12 + 24 * len(values), body, "Share of the total gain by feature")


def histogram(edges: Sequence[float], counts: Mapping[str, Sequence[float]]) -> str:
    """Draw the share of rows by grade, with the parts of the split side by side in each bin."""
    shares = {name: [count / (sum(values) or 1) for count in values] for name, values in counts.items()}
    x, y = (
        Axis(edges[0], edges[-1], 46, WIDTH - 90),
        Axis(0, max(max(v) for v in shares.values()) or 1.0, 170, 14),
    )
    slot = (x(edges[1]) - x(edges[0])) / (len(shares) + 0.6)
    body = [
        line
        for tick in y.ticks(4)
        for line in (
            f'<line class="grid" x1="46" x2="{WIDTH - 90}" y1="{y(tick)}" y2="{y(tick)}"/>',
            text(40, y(tick) + 4, f"{tick:.0%}", "end"),
        )
    ]
    for number, (name, values) in enumerate(shares.items()):
        body.append(text(WIDTH - 80, 24 + 18 * number, name, "start", f"t-{name}"))
        body += [
            _bar(name, x(edge) + slot * (number + 0.3), y(value), slot, 170 - y(value))
            for edge, value in zip(edges, values, strict=False)
            if value
        ]
    body += [text(x(grade), 188, f"{grade:.0f}", "middle") for grade in range(int(edges[0]), int(edges[-1]) + 1)]
    return svg(214, [*body, text((46 + WIDTH - 90) / 2, 208, "grade", "middle")], "Labels by grade")


def _difference(value: float) -> str:
    return f"{value:+.3g}" if value else "0"


def _day(text: object) -> int:
    return date.fromisoformat(str(text)).toordinal()


def apart(heights: Sequence[float], least: float = 15.0) -> list[float]:
    """Return the heights, moved up where needed, so that they are at least `least` pixels apart."""
    moved: dict[int, float] = {}
    for number in sorted(range(len(heights)), key=lambda number: -heights[number]):
        moved[number] = min([heights[number], *(height - least for height in moved.values())])
    return [moved[number] for number in range(len(heights))]


def _path(points: Points, x: Axis, y: Axis) -> str:
    return " ".join(f"{x(a)},{y(b)}" for a, b in points)


def _bar(kind: str, x: float, y: float, width: float, height: float) -> str:
    shape = f'x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" rx="3"'
    return f'<rect class="{escape(kind)}" {shape}/>'


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """Return a text at a place of the picture. `anchor` is the SVG text-anchor, `kind` its style class."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" class="{escape(kind)}">{escape(words)}</text>'


def svg(height: float, body: Sequence[str], title: str) -> str:
    """Return a picture of the full width and the given height. `body` is SVG; the title is for screen readers."""
    shape = f'viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}"'
    return f"<svg {shape}><title>{escape(title)}</title>{''.join(body)}</svg>"
