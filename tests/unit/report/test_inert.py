"""Whatever a timeline quotes stays text: in Markdown, in HTML, in JSON and on a terminal."""

import unicodedata
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import structs

from bakewatch.model.forge import Trace
from bakewatch.model.journey import Step, Walked
from bakewatch.model.plan import Plan
from bakewatch.model.release import Deployment
from bakewatch.model.report import Report
from bakewatch.model.rollback import Rollback
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import (
    Answered,
    Asked,
    Closed,
    Confirmation,
    Confirmed,
    Fired,
    Notified,
    Refused,
    RolledBack,
    Timeline,
)
from bakewatch.model.verdict import Ending, Leave, Outcome, Permission, Reason
from bakewatch.report import html, markdown, published, summary
from bakewatch.report.bulletin import bulletin
from bakewatch.report.compose import compose
from bakewatch.report.inert import inert, inert_json

from . import timelines as told

HOSTILE = [
    "a | b",
    "\\| a \\\\| b \\",
    "``` `` ` | ```",
    "<script>alert(1)</script>",
    "</code></td></tr></table><img src=x onerror=alert(1)>",
    "<!-- --> <![CDATA[ ]]> <?x ?>",
    "[link](https://evil.example) ![image](//evil.example/x.png)",
    "https://evil.example www.evil.example a@evil.example @everyone #1 GH-1",
    "\n\n# heading\n- [ ] open box\n| a | b |\n",
    "    indented\r\n> quoted\n---\n===\n1. one\n+ plus",
    "&lt;b&gt; &#124; &amp;",
    "\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x9b2J",
    "\u202egnp.exe\u2066\u2069\u200f\u200b\ufeff\u061c",
    "{{ 7*7 }} {% raw %} ${7*7} {0} {pulls}",
    "**bold** _it_ ~~gone~~ $x$ *",
    "[^1]: note [x]: y",
    "\x85\u2028\u2029\x0b\x0c\x1c",
    "`" * 9,
    "\\",
    " ",
    "- [ ] ",
    "0",
]


def hostile_plan(text: str) -> Plan:
    """Every word of the plan says *text*; what is blank would be left out on purpose."""
    plan, named = told.PLAN, text if inert(text).strip() else "x"
    one_line = "x" + "".join(text.split()).replace("→", "")
    return structs.replace(
        plan,
        service=structs.replace(plan.service, name=text, author=text),
        streams={
            name: structs.replace(one, looked=f"{name}{one_line}", title=named) for name, one in plan.streams.items()
        },
        checks=tuple(structs.replace(one, title=named) for one in plan.checks),
        criteria=tuple(structs.replace(one, title=named, item=named, keywords=(named,)) for one in plan.criteria),
        journeys=tuple(structs.replace(one, title=named, scenario=one_line) for one in plan.journeys),
        policies=tuple(
            structs.replace(one, title=named, text=(named,), asks={"ping_before": named}) for one in plan.policies
        ),
        triggers=tuple(structs.replace(one, title=named) for one in plan.triggers),
    )


def hostile(text: str) -> Timeline:
    """A story in which strangers and vendors say *text* wherever they can say anything."""
    clean, named = CleanText(f"x{text}"), f"x{text}"
    reason = Reason(code=named, about=named, detail=named, numbers={named: 1.0})
    release = structs.replace(told.RELEASE, title=clean, branch=named, repository=named, reverts=named)
    broken = told.walk(
        "registrant",
        told.at(2),
        Walked.FAILED,
        failed_step=clean,
        steps=(Step(method="GET", path=clean, status=400, code=clean),),
        facts={"ping_before": text},
    )
    unwalked = told.walk("admin", told.at(2), Walked.UNWALKED, problem=named)
    visited = told.walk("visitor", told.at(2), facts={"ping_before": text})
    seen = told.answers(told.LIVE, told.at(2), bad=2)
    return (
        *told.opened(hostile_plan(text), release),
        Confirmed(
            at=told.STARTED,
            awaited=told.COMMIT,
            confirmation=Confirmation.LIVE,
            live_since=told.LIVE,
            deployments=(Deployment(address=named, commit=named, id=named),),
        ),
        *told.look(1, told.at(2), (told.harmful(),), journeys=(broken, unwalked, visited), observations=seen),
        Fired(
            at=told.at(2.1),
            triggers=("dod1", named),
            culprits=("check:api_400",),
            leave=Leave(permission=Permission.ASK, reasons=(reason,)),
        ),
        Asked(at=told.at(2.2), until=told.at(30), reasons=(reason,)),
        Answered(at=told.at(3), approved=True, by=clean, why=clean),
        told.concluded(told.at(3), Outcome.FAIL, reason, triggers=("dod1",)),
        RolledBack(at=told.at(4), rollback=Rollback(method="git", at=told.at(4), problem=named, link=named)),
        Refused(at=told.at(4), reason=reason, link=named),
        Notified(at=told.at(5), transition="not_undone", problem=named),
        Closed(at=told.at(5), ending=Ending.NOT_UNDONE, reason=named),
    )


def blocks(text: str) -> list[str]:
    """The structure of a Markdown text: its blocks, without what they say."""
    return [f"{token.tag}{token.nesting}" for token in parsed(text)]


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def leaves(text: str) -> list[Token]:
    return [leaf for token in parsed(text) for leaf in token.children or []]


class Tags(HTMLParser):
    """The elements of a page with their attributes; those within a line left out."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("code", "strong"):
            self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("code", "strong"):
            self.found.append((f"/{tag}", []))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", []))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


BENIGN = {language: compose(hostile("quiet")) for language in ("en", "ko")}


def check_markdown(report: Report, language: str) -> None:
    text = markdown.render(report, language)
    assert blocks(text) == blocks(markdown.render(BENIGN[language], language))
    for leaf in leaves(text):
        assert leaf.type not in ("link_open", "image", "s_open", "em_open")
        assert leaf.type != "html_inline" or leaf.content in ("<code>", "</code>")


def check_bulletin(report: Report, language: str) -> None:
    told = bulletin(report, language, Trace(attempt=1))
    assert blocks(told.text) == blocks(bulletin(BENIGN[language], language, Trace(attempt=1)).text)
    assert blocks(f"### {markdown.heading(told.title)}") == ["h31", "0", "h3-1"]
    for leaf in leaves(told.text) + leaves(f"### {markdown.heading(told.title)}"):
        assert leaf.type not in ("link_open", "image", "s_open", "em_open")
        assert leaf.type != "html_inline" or leaf.content in ("<code>", "</code>")


def check_html(report: Report, language: str) -> None:
    page, quiet = Tags(html.render(report, language)), Tags(html.render(BENIGN[language], language))
    assert page.found == quiet.found


@pytest.mark.parametrize("language", ["en", "ko"])
def test_charts_and_steps_are_among_what_is_tried(language: str) -> None:
    page = Tags(html.render(BENIGN[language], language))
    assert sum(tag == "figure" for tag, _ in page.found) == len(told.PLAN.checks)
    assert ("table", [("class", "steps")]) in page.found
    assert ("tr", [("class", "bad broken")]) in page.found


def check_terminal(report: Report, language: str) -> None:
    texts = [
        markdown.render(report, language),
        html.render(report, language),
        published.render(report),
        "\n".join(summary.lines(report, language)),
    ]
    for text in texts:
        acting = {one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
        assert not acting
        text.encode()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("text", HOSTILE)
def test_known_tricks_break_out_of_nothing(text: str, language: str) -> None:
    report = compose(hostile(text))
    check_markdown(report, language)
    check_bulletin(report, language)
    check_html(report, language)
    check_terminal(report, language)


@settings(max_examples=40, deadline=None)
@given(text=st.one_of(st.text(max_size=40), st.text(alphabet="`|\\<>[]()*_~$#&;:!@-+=x1. \n\u202e\x1b", max_size=40)))
def test_no_text_at_all_breaks_out_of_anything(text: str) -> None:
    report = compose(hostile(text))
    check_markdown(report, "en")
    check_bulletin(report, "en")
    check_html(report, "ko")
    check_terminal(report, "en")


@given(st.text(alphabet=st.characters(), max_size=60))
def test_text_in_a_table_cell_stays_in_its_cell(text: str) -> None:
    row = f"| a | {markdown.code_span(inert(text))} | c |"
    tokens = parsed(f"| x | y | z |\n|---|---|---|\n{row}\n\nafter")
    assert [token.type for token in tokens].count("td_open") == 3
    assert tokens[-2].content == "after"


@given(st.text(max_size=60))
def test_text_as_code_is_read_again_as_it_was(text: str) -> None:
    shown = inert(text)
    inline = next(token for token in parsed(f"x {markdown.code_span(shown)} y") if token.type == "inline")
    said = "".join(
        leaf.content for leaf in inline.children or [] if leaf.type in ("text", "code_inline", "text_special")
    )
    assert said == f"x {shown} y"


@given(st.text(max_size=60))
def test_a_page_shows_what_was_said(text: str) -> None:
    shown = inert(f"x{text}")
    assert shown in "".join(Tags(html.render(compose(hostile(text)), "en")).text)


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=60))
def test_inert_text_is_one_line_and_changes_nothing_visible(text: str) -> None:
    shown = inert(text)
    assert len(shown.splitlines()) <= 1
    assert inert(shown) == shown
    assert all(one in shown for one in text if unicodedata.category(one)[0] in "LNPS")


@given(st.text(max_size=60))
def test_inert_json_means_what_it_meant(text: str) -> None:
    written = msgspec.json.encode({text: [text]}).decode()
    assert msgspec.json.decode(inert_json(written)) == {text: [text]}
    assert not {one for one in inert_json(written) if unicodedata.category(one) in ("Cc", "Cf")}


def test_commands_cannot_leave_their_block() -> None:
    branch = "x```\n# heading"
    report = compose(told.passed(release=structs.replace(told.RELEASE, branch=branch)))
    fences = [token for token in parsed(markdown.render(report, "en")) if token.type == "fence"]
    assert len(fences) == 1
    assert "heading" in fences[0].content


def test_a_pair_of_backticks_in_the_plans_words_marks_code_and_an_odd_one_does_not() -> None:
    def item(text: str) -> str:
        criteria = (structs.replace(told.PLAN.criteria[0], item=text), *told.PLAN.criteria[1:])
        report = compose(told.passed(structs.replace(told.PLAN, criteria=criteria)))
        return next(line for line in markdown.render(report, "en").splitlines() if line.startswith("**To be made"))

    assert item("no `registrations.id`") == "**To be made sure of**: no `registrations.id`"
    assert item("5 o`clock") == "**To be made sure of**: 5 o&#96;clock"


def test_a_heading_keeps_the_signs_at_its_end() -> None:
    criteria = (structs.replace(told.PLAN.criteria[0], title="in C #"), *told.PLAN.criteria[1:])
    text = markdown.render(compose(told.passed(structs.replace(told.PLAN, criteria=criteria))), "en")
    headings = [token.content for token in parsed(text) if token.type == "inline"]
    assert any(one.endswith("in C \\#") for one in headings)
