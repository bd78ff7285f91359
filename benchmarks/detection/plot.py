"""A small plot as SVG: lines or points over two axes, with a legend. Text and axes take the colour of the page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 800, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 520, 50, 360
_COLOURS = ("#e8590c", "#3b82f6", "#2f9e44", "#ae3ec9", "#c99700", "#868e96", "#0ca5a5")


@dataclass(frozen=True)
class Axis:
    """A scale from *low* to *high*, and what is written at its ticks."""

    label: str
    low: float
    high: float
    ticks: Mapping[float, str]
    log: bool = False

    def share(self, value: float) -> float:
        """Where *value* lies: 0 at the low end, 1 at the high one. What lies beyond is put at the end."""
        low, high, at = (math.log(one) if self.log else one for one in (self.low, self.high, self._inside(value)))
        return (at - low) / (high - low)

    def _inside(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class Series:
    """Points (x, y) under one name, joined by a line or not."""

    name: str
    points: Sequence[tuple[float, float]]
    joined: bool = True


def draw(title: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """The plot as an SVG document."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'fill="currentColor" font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        "<style>svg{color:#24292f}@media(prefers-color-scheme:dark){svg{color:#d0d7de}}</style>",
        _text(_LEFT, 25, title, "start", 'font-size="15" font-weight="600"'),
        *_scales(x, y),
    ]
    for number, one in enumerate(series):
        parts += _series(one, x, y, _COLOURS[number % len(_COLOURS)])
        parts += _legend(one, number, _COLOURS[number % len(_COLOURS)])
    return "\n".join([*parts, "</svg>\n"])


def _scales(x: Axis, y: Axis) -> list[str]:
    """Ticks with grid lines, the labels, and the frame's left and lower edge."""
    parts = []
    for value, told in x.ticks.items():
        at = _across(x, value)
        parts += [_line(at, _TOP, at, _BOTTOM, 0.12), _text(at, _BOTTOM + 20, told, "middle")]
    for value, told in y.ticks.items():
        at = _down(y, value)
        parts += [_line(_LEFT, at, _RIGHT, at, 0.12), _text(_LEFT - 8, at + 4, told, "end")]
    middle = (_TOP + _BOTTOM) / 2
    return [
        *parts,
        _line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, 0.7),
        _line(_LEFT, _TOP, _LEFT, _BOTTOM, 0.7),
        _text((_LEFT + _RIGHT) / 2, _BOTTOM + 45, x.label, "middle"),
        _text(18, middle, y.label, "middle", f'transform="rotate(-90 18 {middle:g})"'),
    ]


def _series(one: Series, x: Axis, y: Axis, colour: str) -> list[str]:
    at = [(_across(x, right), _down(y, up)) for right, up in one.points]
    dots = [f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="4" fill="{colour}"/>' for cx, cy in at]
    if not one.joined:
        return dots
    path = " ".join(f"{cx:.1f},{cy:.1f}" for cx, cy in at)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def _legend(one: Series, number: int, colour: str) -> list[str]:
    down = _TOP + 10 + 24 * number
    dot = f'<circle cx="{_RIGHT + 20}" cy="{down}" r="5" fill="{colour}"/>'
    return [dot, _text(_RIGHT + 32, down + 4, one.name, "start")]


def _across(x: Axis, value: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * x.share(value)


def _down(y: Axis, value: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * y.share(value)


def _line(x1: float, y1: float, x2: float, y2: float, opacity: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="currentColor" stroke-opacity="{opacity}"/>'


def _text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'
