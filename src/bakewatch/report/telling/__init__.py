"""A report told in a language, section by section, in the order in which a person would have filled it in."""

from bakewatch.model.plan import Mode
from bakewatch.model.report import Report, Stage, Standing, Tone
from bakewatch.model.verdict import Ending
from bakewatch.report.document import Banner, Document, Inline, Paragraph, code, joined, plain, strong
from bakewatch.report.say import Speaker, number
from bakewatch.report.telling.closing import oddities, timeline
from bakewatch.report.telling.criteria import definition_of_done
from bakewatch.report.telling.opening import deployment, merge, pulls
from bakewatch.report.telling.rollback import rollback

_TONES = {
    Ending.PASSED: Tone.OK,
    Ending.UNDONE: Tone.BAD,
    Ending.INCONCLUSIVE: Tone.WARN,
    Ending.NEVER_DEPLOYED: Tone.WARN,
    Ending.NOT_UNDONE: Tone.BAD,
    Ending.NOT_CURED: Tone.BAD,
}


def tell(report: Report, language: str) -> Document:
    """*report* in *language* (`en` when it is not known), still without a form."""
    speaker = Speaker(report, language)
    return Document(
        language=speaker.language,
        title=speaker.say("heading.report", pulls=pulls(report, speaker)),
        service=report.service,
        verdict=Paragraph(label=speaker.say("label.verdict"), text=verdict(report, speaker)),
        tone=Tone.WAIT if report.ending is None else _TONES[report.ending],
        head=_head(report, speaker),
        banners=tuple(_banners(report, speaker)),
        sections=(
            merge(report, speaker),
            deployment(report, speaker),
            definition_of_done(report, speaker),
            rollback(report, speaker),
            oddities(report, speaker),
            timeline(report, speaker),
        ),
        foot=(
            Paragraph(label=speaker.say("label.author"), text=plain(report.author)),
            Paragraph(label=speaker.say("label.updated"), text=plain(speaker.time(report.updated))),
        ),
    )


def verdict(report: Report, speaker: Speaker) -> Inline:
    """How it ended and why, or how far it has come."""
    if report.ending is None:
        return strong(running(report, speaker))
    given = tuple(one for one in report.reasons if one.code != report.ending.value)
    why = [speaker.reasons(given)]
    if report.reason not in {report.ending.value, *(one.code for one in report.reasons)}:
        why.append(speaker.code(report.reason) if report.reason else ())
    return joined([strong(speaker.say(f"ending.{report.ending.value}")), joined(why, "; ")], " — ")


def running(report: Report, speaker: Speaker) -> Inline:
    """*running, n of 30 minutes*."""
    planned = report.bake.planned_minutes + report.bake.extended_minutes
    done = min(report.bake.watched_minutes, planned)
    entry = f"stage.{report.stage.value}"
    return speaker.say(entry, minutes=number(int(done)), planned=number(planned))


def _head(report: Report, speaker: Speaker) -> tuple[Paragraph, ...]:
    merged = joined([plain(speaker.time(report.release.merged_at)), speaker.say("text.merge_done")], " ")
    head = [
        Paragraph(label=speaker.say("label.deploy_started"), text=merged),
        Paragraph(label=speaker.say("label.period"), text=_period(report, speaker)),
    ]
    if report.broken is not None:
        head.append(Paragraph(label=speaker.say("label.broken"), text=broken(report, speaker)))
    return tuple(head)


def _period(report: Report, speaker: Speaker) -> Inline:
    bake = report.bake
    parts = [speaker.say("text.period", minutes=number(bake.planned_minutes))]
    if bake.started is not None and bake.ends is not None:
        ended = bake.ended or bake.ends
        parts.append(plain(f"{speaker.time(bake.started)} → {speaker.clock(ended)}"))
    if bake.extended_minutes > 0:
        parts.append(speaker.say("text.extended", minutes=number(bake.extended_minutes)))
    if bake.ended is not None:
        watched = number(round(bake.watched_minutes, 1))
        parts.append(speaker.say("text.watched", minutes=watched, looks=number(bake.looks)))
    elif report.stage is Stage.FINAL:
        parts.append(speaker.say(f"standing.{Standing.NOT_REACHED.value}"))
    return joined(parts, " · ")


def broken(report: Report, speaker: Speaker) -> Inline:
    """Since when, until when, how long."""
    spell = report.broken
    if spell is None:
        return ()
    since = speaker.clock(spell.since)
    if spell.until is None:
        entry = "broken.unrestored" if report.stage is Stage.FINAL else "broken.still"
        return speaker.say(entry, since=since)
    length = strong(speaker.span(spell.until - spell.since))
    return speaker.say("broken.restored", since=since, until=speaker.clock(spell.until), length=length)


def _banners(report: Report, speaker: Speaker) -> list[Banner]:
    banners = []
    if report.time_scale < 1:
        seconds = number(report.bake.minute_seconds)
        text = speaker.say("banner.time_scale", scale=number(1 / report.time_scale), seconds=seconds)
        banners.append(Banner(tone=Tone.WARN, text=text))
    if report.generated_history:
        banners.append(Banner(tone=Tone.WARN, text=speaker.say("banner.generated_history")))
    if report.attempt > 1:
        banners.append(Banner(tone=Tone.INFO, text=speaker.say("banner.attempt", attempt=report.attempt)))
    if report.record_lost:
        banners.append(Banner(tone=Tone.WARN, text=speaker.say("banner.record_lost")))
    if report.release.reverts:
        text = speaker.say("banner.is_undo", release=code(report.release.reverts))
        banners.append(Banner(tone=Tone.INFO, text=text))
    if report.plan_from != "parent":
        banners.append(Banner(tone=Tone.INFO, text=speaker.say("banner.plan_from_file")))
    if report.undo.mode is Mode.AUTO:
        banners.append(_replayed(report, speaker))
    return banners


def _replayed(report: Report, speaker: Speaker) -> Banner:
    """Whoever acts at once should have been tried on the past."""
    if report.replayed is None:
        return Banner(tone=Tone.WARN, text=speaker.say("banner.never_replayed"))
    return Banner(tone=Tone.INFO, text=speaker.say("banner.replayed", at=speaker.time(report.replayed)))
