"""The words of a language: catalogue entries, numbers, times and the plan's own titles.

The catalogues are gettext: `words/en.po` and `words/ko.po`, compiled to the `.mo` files beside them (which are what is
read). Their message ids are short codes, `family.code`, so that a timeline's codes lead to words directly and both
languages are equals; `{name}` is a placeholder, a pair of backticks marks code. Compile with
`pybabel compile -i words/ko.po -o words/ko.mo`; a test proves that both are complete and compiled.
"""

import gettext
import math
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib import resources
from string import Formatter
from zoneinfo import ZoneInfo

from bakewatch.model.plan import Rule
from bakewatch.model.report import CheckReport, CriterionReport, Report, Unit
from bakewatch.model.text import Words, said
from bakewatch.model.verdict import Reason
from bakewatch.report.document import Inline, Span, code, fused, joined, marked, plain

LANGUAGES = ("en", "ko")

_KINDS = ("check", "journey", "trigger", "stream")


@cache
def catalogue(language: str) -> gettext.GNUTranslations:
    """The compiled catalogue of *language*; English when there is none."""
    name = language if language in LANGUAGES else "en"
    with resources.files("bakewatch.report").joinpath("words", f"{name}.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


class Speaker:
    """Says codes, numbers and names of one report in one language."""

    def __init__(self, report: Report, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._words = catalogue(self.language)
        self._zone = _zone(report.timezone)
        told = [*report.criteria, *([report.others] if report.others is not None else [])]
        self._checks = {one.name: one for criterion in told for one in criterion.checks}
        self._titles = _titles(report, told)

    def knows(self, entry: str) -> bool:
        """Is there such an entry?"""
        return self._words.gettext(entry) != entry

    def say(self, entry: str, **values: str | int | Inline) -> Inline:
        """The words of *entry* with *values* in their places; an unknown entry is shown as its code."""
        if not self.knows(entry):
            return code(entry.partition(".")[2])
        out: list[Span] = []
        for literal, name, _, _ in Formatter().parse(self._words.gettext(entry)):
            out += marked(literal)
            if name is not None:
                value = values.get(name, "")
                out += value if isinstance(value, tuple) else plain(str(value))
        return fused(tuple(out))

    def words(self, words: Words) -> Inline:
        """Text of the plan in this language."""
        return marked(said(words, self.language))

    def lines(self, words: Words) -> list[Inline]:
        """Text of the plan, line by line."""
        return [marked(line.strip()) for line in said(words, self.language).splitlines() if line.strip()]

    def named(self, about: str) -> Inline:
        """What `check:NAME`, `journey:NAME`, `trigger:NAME` or a bare name is called; else the name itself."""
        kind, _, name = about.rpartition(":")
        for place in (kind,) if kind else _KINDS:
            if (place, name) in self._titles:
                return self.words(self._titles[place, name])
        return code(name if kind in _KINDS else about)

    def code(self, name: str) -> Inline:
        """The words of a code; an HTTP status and a git command are told with their name."""
        family, _, rest = name.partition("_")
        if not self.knows(f"code.{name}") and family in ("status", "git") and rest:
            return self.say(f"code.{family}", status=rest, command=rest.replace("_", "-"))
        return self.say(f"code.{name}")

    def reason(self, one: Reason) -> Inline:
        """A reason with what it speaks of, its numbers and its detail."""
        what = self.code(one.code)
        if one.about:
            what = (*self.named(one.about), *plain(": "), *what)
        notes = [self.code(one.detail)] if one.detail else []
        notes += [(*self.say(f"number.{name}"), *plain(" "), *self._size(one, name)) for name in one.numbers]
        return (*what, *plain(" ("), *joined(notes, ", "), *plain(")")) if notes else what

    def reasons(self, all_of_them: tuple[Reason, ...]) -> Inline:
        """Several reasons on one line, each once."""
        return joined(list(dict.fromkeys(self.reason(one) for one in all_of_them)), "; ")

    def _size(self, one: Reason, name: str) -> Inline:
        """A reason's number in its unit: shares where a needed share is named, else that of its check."""
        value, check = one.numbers[name], self._checks.get(one.about.removeprefix("check:"))
        if name in ("seen", "needed") and "needed" in one.numbers:
            return plain(percent(value))
        if name in ("could_see", "target") and check is not None:
            return self.effect(check, value)
        return plain(number(value))

    def effect(self, check: CheckReport, value: float) -> Inline:
        """The size of a harm: of a floor the share that is lost, else a share or a rate."""
        if check.rule is Rule.FLOOR:
            return self.say("rate.lost", rate=percent(value))
        return self.rate(value, check.unit)

    def time(self, at: datetime) -> str:
        """Date and time in the plan's time zone."""
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S %Z")

    def clock(self, at: datetime) -> str:
        """The time of day in the plan's time zone."""
        return at.astimezone(self._zone).strftime("%H:%M:%S %Z")

    def tick(self, at: datetime, *, seconds: bool) -> str:
        """The time of day on an axis."""
        return at.astimezone(self._zone).strftime("%H:%M:%S" if seconds else "%H:%M")

    def zone(self, at: datetime) -> str:
        """What the plan's time zone is called at that moment."""
        return at.astimezone(self._zone).strftime("%Z")

    def both(self, at: datetime) -> str:
        """The plan's time with UTC beside it."""
        return f"{self.time(at)} ({at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')} UTC)"

    def span(self, length: timedelta) -> Inline:
        """A duration in minutes and seconds."""
        seconds = max(0, round(length.total_seconds()))
        if seconds < 60:
            return self.say("span.seconds", seconds=seconds)
        return self.say("span.minutes", minutes=seconds // 60, seconds=seconds % 60)

    def rate(self, value: float, unit: Unit) -> Inline:
        """A share in percent, a rate per minute, or so many for each one."""
        if unit is Unit.SHARE:
            return plain(percent(value))
        return self.say("rate.minute" if unit is Unit.MINUTE else "rate.each", rate=number(value))


def number(value: float) -> str:
    """*value* with the digits that matter."""
    if not math.isfinite(value):
        return "∞" if value == math.inf else "?"
    if value == round(value):
        return f"{value:,.0f}"
    size = math.floor(math.log10(abs(value)))
    digits = max(0, 2 - size) if size >= 0 else 1 - size
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """*share* in percent."""
    return f"{number(share * 100)} %"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _titles(report: Report, told: list[CriterionReport]) -> dict[tuple[str, str], Words]:
    titles: dict[tuple[str, str], Words] = {}
    for criterion in told:
        titles |= {("check", one.name): one.title for one in criterion.checks}
        titles |= {("journey", one.name): one.title for one in criterion.journeys}
    titles |= {("stream", name): title for name, title in report.streams.items()}
    return titles | {("trigger", one.name): one.title for one in report.triggers}
