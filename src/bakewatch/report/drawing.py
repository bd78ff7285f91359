"""Where things lie in a chart: across in percent of its width, so that it fits any screen, and down in pixels."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bakewatch.model.chart import Bar, Chart, Usual
from bakewatch.model.observation import from_ms, to_ms

PLOT, FLAT = 112.0, 40.0
"""The height of the plot; of one in which there is nothing to see."""
ROW, FOOT = 19.0, 20.0
"""The height of a row of numbered marks, and of the axis of time."""
_APART = 5.5
"""Marks that are nearer (in percent) do not stand in one row."""
_MOST_TICKS, _MOST_LINES = 5, 3
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
"""Seconds between two labels of the axis of time."""
_GAP = 0.14
"""The share of a bar's width that is left free beside it."""


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


class Label(NamedTuple):
    """A place on an axis: in percent on that of time, in pixels on the other."""

    at: float
    value: float


class Pin(NamedTuple):
    """A numbered mark."""

    number: int
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """A chart laid out. The plot lies between `top` and `base`."""

    height: float
    top: float
    base: float
    blind: tuple[Box, ...]
    band: tuple[Box, ...]
    expected: tuple[Box, ...]
    counts: tuple[Box, ...]
    beyond: tuple[Box, ...]
    """The bars that are told apart."""
    own: tuple[Box, ...]
    pins: tuple[Pin, ...]
    lines: tuple[Label, ...]
    ticks: tuple[Label, ...]
    """Their values are seconds since 1970."""


def draw(chart: Chart, *, alarming: bool = False) -> Drawing:
    """Lay *chart* out; *alarming*: bars outside of what was usual are told apart."""
    across = _Across(to_ms(chart.start), to_ms(chart.end))
    pins = tuple(_pins(chart, across))
    most, apart = tallest(chart), _beyond(chart) if alarming else frozenset()
    top = max((pin.y for pin in pins), default=0.0) + ROW / 2 + 4
    plot = PLOT if most else FLAT
    down = _Down(top, top + plot, max(1.0, most * 1.04))
    return Drawing(
        height=top + plot + FOOT,
        top=top,
        base=top + plot,
        blind=tuple(Box(across(one.start), top, across.wide(one.start, one.end), plot) for one in chart.blind),
        band=tuple(_band(chart.usual, chart.bars, across, down)) if chart.usual else (),
        expected=tuple(_expected(chart.usual, chart.bars, across, down)) if chart.usual else (),
        counts=tuple(down.box(across, bar, 0, bar.count) for bar in chart.bars if bar.count and bar not in apart),
        beyond=tuple(down.box(across, bar, 0, bar.count) for bar in chart.bars if bar.count and bar in apart),
        own=tuple(down.box(across, bar, bar.count, bar.own) for bar in chart.bars if bar.own),
        pins=pins,
        lines=tuple(Label(down(value), value) for value in _lines(most)),
        ticks=tuple(Label(across(at * 1000), at) for at in _ticks(chart)),
    )


def tallest(chart: Chart) -> float:
    """The greatest value that is drawn."""
    usual = chart.usual
    highest = max((usual.band(bar.exposure)[2] for bar in chart.bars), default=0.0) if usual else 0.0
    return max(highest, max((bar.count + bar.own for bar in chart.bars), default=0))


def _beyond(chart: Chart) -> frozenset[Bar]:
    if chart.usual is None:
        return frozenset(chart.bars)
    bands = ((bar, chart.usual.band(bar.exposure)) for bar in chart.bars)
    return frozenset(bar for bar, (low, _, high) in bands if not low <= bar.count <= high)


class _Across(NamedTuple):
    """From milliseconds to percent."""

    start: int
    end: int

    def __call__(self, at: float) -> float:
        return _short(min(100.0, max(0.0, 100 * (at - self.start) / max(1, self.end - self.start))))

    def wide(self, start: int, end: int) -> float:
        return _short(self(end) - self(start))


class _Down(NamedTuple):
    """From counts to pixels."""

    top: float
    base: float
    most: float

    def __call__(self, value: float) -> float:
        return _short(self.base - (self.base - self.top) * min(value, self.most) / self.most)

    def box(self, across: _Across, bar: Bar, below: float, value: float) -> Box:
        """A bar of *value* that stands on *below*; it is never too low to be seen."""
        wide, foot = across.wide(bar.start, bar.end), self(below)
        height = max(2.0, foot - self(below + value))
        return Box(across(bar.start), _short(foot - height), _short(wide * (1 - _GAP)), _short(height))


def _band(usual: Usual, bars: Iterable[Bar], across: _Across, down: _Down) -> Iterator[Box]:
    for bar in bars:
        low, _, high = usual.band(bar.exposure)
        if high > low:
            width = across.wide(bar.start, bar.end)
            yield Box(across(bar.start), down(high), width, _short(max(1.0, down(low) - down(high))))


def _expected(usual: Usual, bars: Iterable[Bar], across: _Across, down: _Down) -> Iterator[Box]:
    for bar in bars:
        if bar.exposure > 0:
            level = down(usual.band(bar.exposure)[1])
            yield Box(across(bar.start), _short(level - 0.75), across.wide(bar.start, bar.end), 1.5)


def _pins(chart: Chart, across: _Across) -> Iterator[Pin]:
    """Marks in as few rows as they need to stand apart."""
    rows: list[float] = []
    for number, mark in enumerate(chart.marks, start=1):
        x = across(to_ms(mark.at))
        row = next((place for place, last in enumerate(rows) if x - last >= _APART), len(rows))
        rows[row : row + 1] = [x]
        yield Pin(number, x, ROW * (row + 0.5))


def _lines(most: float) -> Iterator[float]:
    """Even values for lines across the plot."""
    if most <= 0:
        return
    rough = max(1.0, most / _MOST_LINES)
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough - 1e-9)
    yield from (step * place for place in range(1, int(most * 1.04 / step) + 1))


def _ticks(chart: Chart) -> Iterator[int]:
    """Even moments within the chart, not at its very edges; seconds since 1970."""
    start, end = to_ms(chart.start) / 1000, to_ms(chart.end) / 1000
    length = end - start
    step = next((one for one in _TICKS if length / one <= _MOST_TICKS), _TICKS[-1])
    first = math.ceil((start + 0.07 * length) / step) * step
    return (at for at in range(first, math.floor(end - 0.07 * length) + 1, step))


def moment_of(tick: Label) -> datetime:
    """The moment of a label of the axis of time."""
    return from_ms(round(tick.value * 1000))


def _short(value: float) -> float:
    return round(value, 3)
