"""The report as Markdown (CommonMark with GitHub's tables and boxes). Whatever it quotes stays text.

Text of strangers (titles, addresses, unknown codes) is set as code, where no mention, reference or link is made of it;
every other leaf is escaped.
"""

import re
from collections.abc import Iterator

from bakewatch.model.report import Report, Tone
from bakewatch.report.document import (
    Banner,
    Block,
    Code,
    Document,
    Facts,
    Figure,
    Heading,
    Inline,
    Item,
    Items,
    Paragraph,
    Span,
    Steps,
    Style,
    Table,
    plain,
)
from bakewatch.report.inert import inert
from bakewatch.report.telling import tell

MARKS = {Tone.OK: "✅", Tone.BAD: "❌", Tone.WARN: "⚠️", Tone.WAIT: "⏳", Tone.INFO: "ℹ️"}

_SPECIAL = re.compile(r"[\\`<>|@]|&(?=#?\w+;)|[*\[\]~$]|(?<![^\W_])_|_(?![^\W_])")
"""What could be markup. A lone ampersand and an underscore within a word cannot."""
_ALL_ENTITIES = {ord(one): f"&#{ord(one)};" for one in "\\`<>&|*_[]~$@#!:"}
_BEGINS_A_BLOCK = re.compile(r"^([-+=#>]|\d+(?=[.)]))")
_LINKED = re.compile(r"(?i)(https?|ftp|www)([:.])")
"""What GitHub makes a link of by itself."""
_ENDS_A_HEADING = re.compile(r"#(?=#*\s*$)")


def render(report: Report, language: str) -> str:
    """*report* as Markdown in *language*."""
    return write(tell(report, language))


def write(document: Document) -> str:
    """*document* as Markdown."""
    head = "  \n".join(_labelled(one.label, one.text) for one in (*document.head, document.verdict))
    parts = [f"# {_heading(document.title)}", *map(_banner, document.banners), head]
    for section in document.sections:
        parts += ["---", f"## {_heading(section.title)}", *_blocks(section.blocks)]
    foot = "  \n".join(_labelled(one.label, one.text) for one in document.foot)
    return "\n\n".join([*parts, "---", foot]) + "\n"


def heading(text: str) -> str:
    """Plain *text* as the words of a heading."""
    return _heading(plain(text))


def item(text: str) -> str:
    """Plain *text* as an item of a list."""
    return _item(Item(text=plain(text)), 0)


def strong(text: str) -> str:
    """Plain *text* in a paragraph of its own, strongly said."""
    return _begun(_span(Span(text, Style.STRONG)))


def line(text: Inline) -> str:
    """*text* as one line of Markdown."""
    return _text(text)


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Every block apart, but a list close to the label that announces it. What only a page shows is left out."""
    label = ""
    for block in blocks:
        if isinstance(block, Figure | Steps):
            continue
        if isinstance(block, Paragraph) and block.label and not block.text:
            label = _block(block) + "\n"
        else:
            yield label + _block(block)
            label = ""


def _block(block: Heading | Paragraph | Items | Facts | Table | Code | Banner) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_heading(block.text)}"
    if isinstance(block, Paragraph):
        return _labelled(block.label, block.text, block.aside) if block.label else _begun(_text(block.text))
    if isinstance(block, Items):
        return "\n".join(_item(item, place if block.numbered else 0) for place, item in enumerate(block.items, 1))
    if isinstance(block, Facts):
        return "\n".join(_facts(block))
    if isinstance(block, Table):
        return "\n".join(_table(block))
    return _banner(block) if isinstance(block, Banner) else _code(block)


def _labelled(label: Inline, text: Inline, aside: Inline = ()) -> str:
    beside = f" {_text(aside)}" if aside else ""
    return f"**{_text(label)}**{beside}: {_text(text)}".rstrip()


def _item(item: Item, place: int) -> str:
    bullet = f"{place}." if place else "-"
    if item.box is None:
        text = _labelled(item.label, item.text) if item.label else _begun(_text(item.text))
        return f"{bullet} {text}{_mark(item.tone)}"
    box = "[x]" if item.box else "[ ]"
    text = f"{_text(item.label)}: {_text(item.text)}" if item.label else _text(item.text)
    return f"{bullet} {box} {text}{_mark(item.tone)}"


def _mark(tone: Tone | None) -> str:
    return f" {MARKS[tone]}" if tone is not None else ""


def _facts(block: Facts) -> Iterator[str]:
    yield f"**{_text(block.label)}** ({_text(block.title)}):"
    for name, text in block.rows:
        yield f"- {_begun(_text(name))}: {_text(text)}"


def _table(block: Table) -> Iterator[str]:
    yield f"| {' | '.join(map(_text, block.head))} |"
    yield f"|{'|'.join('------' for _ in block.head)}|"
    for row in block.rows:
        *cells, state = map(_text, row.cells)
        yield f"| {' | '.join([*cells, f'{MARKS[row.tone]} {state}'])} |"


def _code(block: Code) -> str:
    lines = "\n".join(map(inert, block.lines))
    longest = max((len(run) for run in re.findall("`+", lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}bash\n{lines}\n{fence}"


def _banner(block: Banner) -> str:
    return f"> {MARKS[block.tone]} {_text(block.text)}"


def _heading(text: Inline) -> str:
    return _ENDS_A_HEADING.sub(r"\\#", _text(text))


def _begun(text: str) -> str:
    """*text* at the beginning of a block, where its first characters could make it another kind of block."""
    return _BEGINS_A_BLOCK.sub(lambda hit: f"&#{ord(hit[1][0])};{hit[1][1:]}", text.lstrip())


def _text(line: Inline) -> str:
    return "".join(map(_span, line))


def _span(span: Span) -> str:
    text = inert(span.text)
    if span.style is Style.CODE:
        return code_span(text)
    escaped = _LINKED.sub(lambda hit: f"{hit[1]}&#{ord(hit[2])};", _SPECIAL.sub(_escape, text))
    if span.style is Style.STRONG and text.strip() == text and text:
        return f"**{escaped}**"
    return escaped


def _escape(hit: re.Match[str]) -> str:
    return f"\\{hit[0]}" if hit[0] in "*_[]~$" else f"&#{ord(hit[0])};"


def code_span(text: str) -> str:
    """*text* as code. Where a backtick span would need care (backticks, pipes, edges), elements and entities do it."""
    if re.search(r"[`|\\]|^\s|\s$|^$", text):
        return f"<code>{text.translate(_ALL_ENTITIES)}</code>"
    return f"`{text}`"
