"""Sections 5 and 6: what a person should see besides, and what happened when."""

from bakewatch.model.report import Finding, Moment, Report, Stage, Tone
from bakewatch.report.document import Block, Inline, Item, Items, Paragraph, Row, Section, Table, code, joined, plain
from bakewatch.report.say import Speaker
from bakewatch.report.telling.checks import summary
from bakewatch.report.telling.criteria import running_box


def oddities(report: Report, speaker: Speaker) -> Section:
    """5. What was odd, and the log summary without personal data."""
    found = tuple(Item(text=_finding(one, speaker)) for one in report.findings)
    none = speaker.say("text.nothing_odd" if report.stage is Stage.FINAL else "text.nothing_odd_yet")
    blocks: tuple[Block, ...] = (
        Paragraph(label=speaker.say("label.oddities"), text=()),
        Items(found or (Item(text=none),)),
        Paragraph(label=speaker.say("label.log_summary"), aside=speaker.say("text.without_personal"), text=()),
        Items(tuple(_summed(report, speaker))),
    )
    return Section(title=speaker.say("heading.oddities"), blocks=blocks)


def _finding(one: Finding, speaker: Speaker) -> Inline:
    told = speaker.reason(one.reason)
    if one.at is None:
        return told
    when = speaker.clock(one.at)
    if one.until is not None and one.until != one.at:
        when = f"{when} → {speaker.clock(one.until)}"
    return joined([plain(when), told], " · ")


def _summed(report: Report, speaker: Speaker) -> list[Item]:
    """Counts and the plan's own keywords; a timeline holds no line of any log."""
    items = []
    for criterion in [*report.criteria, *([report.others] if report.others is not None else [])]:
        if not criterion.checks:
            continue
        keywords = joined([code(word) for word in criterion.keywords], ", ")
        told = speaker.say("summary.keywords", keywords=keywords) if keywords else ()
        label = plain(criterion.id) or speaker.say("heading.others")
        items.append(Item(label=label, text=joined([summary(criterion.checks, speaker), told], " — ")))
    return [*items, Item(text=speaker.say("summary.no_raw_text"))]


def timeline(report: Report, speaker: Speaker) -> Section:
    """6. What happened when."""
    head = tuple(speaker.say(entry) for entry in ("table.time", "table.event", "table.state"))
    rows = tuple(_row(report, one, speaker) for one in report.moments)
    return Section(title=speaker.say("heading.timeline"), blocks=(Table(head=head, rows=rows),))


def _row(report: Report, one: Moment, speaker: Speaker) -> Row:
    when = plain(speaker.clock(one.at)) if one.at is not None else plain("—")
    about = joined([_about(ref, speaker) for ref in one.about], ", ")
    event = speaker.say(f"moment.{one.code}", about=about)
    return Row(cells=(when, event, _state(report, one, speaker)), tone=one.tone)


def _about(ref: str, speaker: Speaker) -> Inline:
    kind, _, _ = ref.partition(":")
    if kind in ("check", "journey", "trigger", "stream"):
        return speaker.named(ref)
    if kind == "criterion":
        return plain(ref.partition(":")[2])
    return code(ref)


def _state(report: Report, one: Moment, speaker: Speaker) -> Inline:
    """The code of the moment in words; an open one says how far the case has come."""
    if one.at is None and one.tone is Tone.WAIT and report.live.confirmation is not None:
        return running_box(report, speaker)
    if not one.detail:
        return speaker.say(f"tone.{one.tone.value}")
    family = _FAMILIES.get(one.code)
    return speaker.say(f"{family}.{one.detail}") if family else speaker.code(one.detail)


_FAMILIES = {
    "deployed": "confirmation",
    "undo_deployed": "confirmation",
    "criterion_tested": "standing",
    "criterion_checked": "standing",
    "policy_judged": "standing",
    "concluded": "outcome",
    "closed": "ending",
    "fired": "permission",
}
