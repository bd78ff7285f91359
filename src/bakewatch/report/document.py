"""A told report before it has a form: blocks of text, the same for Markdown and HTML.

Leaves are plain text, still to be escaped; nothing in them is markup.
"""

from dataclasses import dataclass
from enum import StrEnum

from bakewatch.model.report import Standing, Tone
from bakewatch.report.drawing import Drawing


class Style(StrEnum):
    """How a span is set."""

    PLAIN = "plain"
    CODE = "code"
    STRONG = "strong"


@dataclass(frozen=True)
class Span:
    """A piece of text in one style."""

    text: str
    style: Style = Style.PLAIN


Inline = tuple[Span, ...]


def plain(text: str) -> Inline:
    """*text* as it is."""
    return (Span(text),) if text else ()


def code(text: str) -> Inline:
    """*text* of a machine or a stranger: a commit, an address, a title."""
    return (Span(text, Style.CODE),) if text else ()


def strong(text: str | Inline) -> Inline:
    """The word that answers a box."""
    spans = plain(text) if isinstance(text, str) else text
    return fused(tuple(Span(one.text, Style.STRONG) if one.style is Style.PLAIN else one for one in spans))


def fused(line: Inline) -> Inline:
    """*line* with neighbours of one style made one span."""
    out: list[Span] = []
    for one in line:
        if out and one.style is not Style.CODE and out[-1].style is one.style:
            out[-1] = Span(out[-1].text + one.text, one.style)
        else:
            out.append(one)
    return tuple(out)


def marked(text: str) -> Inline:
    """*text* in which pairs of backticks mark code, as plans and catalogues write it. Nothing else is markup."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    styles = (Style.PLAIN, Style.CODE)
    return tuple(Span(part, styles[place % 2]) for place, part in enumerate(parts) if part) or plain(text)


def joined(parts: list[Inline], between: str) -> Inline:
    """*parts* that are not empty, with *between* in between."""
    out: Inline = ()
    for part in filter(None, parts):
        out = (*out, *plain(between), *part) if out else part
    return out


def words_of(line: Inline) -> str:
    """*line* without its styles."""
    return "".join(one.text for one in line)


TONE_OF = {
    Standing.OK: Tone.OK,
    Standing.FAILED: Tone.BAD,
    Standing.UNSURE: Tone.WARN,
    Standing.BLIND: Tone.WARN,
    Standing.CUT_SHORT: Tone.INFO,
    Standing.NOT_REACHED: Tone.INFO,
    Standing.RUNNING: Tone.WAIT,
}


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    level: int
    text: Inline


@dataclass(frozen=True)
class Paragraph:
    """A line of text, with a label before it or not."""

    text: Inline
    label: Inline = ()
    aside: Inline = ()
    """Belongs to the label, less loudly."""


@dataclass(frozen=True)
class Item:
    """An item of a list; `box` is None without a box, else whether it is answered."""

    text: Inline
    label: Inline = ()
    box: bool | None = None
    tone: Tone | None = None


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Item, ...]
    numbered: bool = False
    short: bool = False
    """Single words, which need no line each."""


@dataclass(frozen=True)
class Facts:
    """Numbers behind an answer, each with its name."""

    label: Inline
    title: Inline
    rows: tuple[tuple[Inline, Inline], ...]


@dataclass(frozen=True)
class Row:
    """A row of a table; its tone is shown in the last cell."""

    cells: tuple[Inline, ...]
    tone: Tone


@dataclass(frozen=True)
class Table:
    """A table whose last column tells how things stand."""

    head: tuple[Inline, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Figure:
    """A chart and its words. Only a page draws it."""

    title: Inline
    about: Inline
    tone: Tone
    drawing: Drawing
    lines: tuple[tuple[float, str], ...]
    """Labels of lines across the plot, with their places."""
    ticks: tuple[tuple[float, str], ...]
    """Labels of the axis of time, with their places."""
    marks: tuple[Inline, ...]
    legend: tuple[tuple[str, Inline], ...]
    """Kinds of what is drawn, and what they mean."""
    description: str
    """For whoever hears it."""
    evidence: Inline


@dataclass(frozen=True)
class Steps:
    """The requests of one walk. Only a page lists them."""

    title: Inline
    head: tuple[Inline, ...]
    rows: tuple[tuple[Inline, ...], ...]
    broken: bool
    """It failed in the last one."""


@dataclass(frozen=True)
class Code:
    """Commands."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Banner:
    """Something that must not be overlooked."""

    text: Inline
    tone: Tone


Block = Heading | Paragraph | Items | Facts | Table | Figure | Steps | Code | Banner


@dataclass(frozen=True)
class Section:
    """A numbered part of the report."""

    title: Inline
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A told report."""

    language: str
    title: Inline
    service: str
    tone: Tone
    verdict: Paragraph
    head: tuple[Paragraph, ...]
    banners: tuple[Banner, ...]
    sections: tuple[Section, ...]
    foot: tuple[Paragraph, ...]
