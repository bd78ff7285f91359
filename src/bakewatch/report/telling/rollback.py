"""Section 4: the triggers, the state of the undo with its proof, and how it is done by hand."""

from bakewatch.model.report import ProofReport, Report, Stage, Standing, Tone, TriggerReport, UndoReport
from bakewatch.model.timeline import Confirmation
from bakewatch.report.document import (
    Block,
    Code,
    Inline,
    Item,
    Items,
    Paragraph,
    Section,
    code,
    joined,
    plain,
    strong,
    words_of,
)
from bakewatch.report.say import Speaker, number
from bakewatch.report.telling import layers
from bakewatch.report.telling.checks import box
from bakewatch.report.telling.criteria import running_box


def rollback(report: Report, speaker: Speaker) -> Section:
    """4. What would undo it, whether it did, and the proof."""
    triggers = tuple(_trigger(report, one, speaker) for one in report.triggers)
    state = [_needed(report, speaker), *layers.before(report, speaker), _done(report, speaker)]
    state += layers.after(report, speaker)
    if report.undo.done is not None:
        state += [_live(report, speaker), _proved(report, speaker)]
    blocks: list[Block] = [
        Paragraph(text=speaker.say("text.triggers")),
        Items(triggers or (Item(text=speaker.say("text.no_triggers")),)),
        Paragraph(text=speaker.say("text.ticked")),
        Paragraph(label=speaker.say("label.undo_state"), text=()),
        Items(tuple(state)),
        Paragraph(label=speaker.say("label.procedure"), aside=speaker.say("text.if_needed"), text=()),
        Code(_procedure(report, speaker)),
    ]
    return Section(title=speaker.say("heading.rollback"), blocks=tuple(blocks))


def _trigger(report: Report, one: TriggerReport, speaker: Speaker) -> Item:
    if one.standing is Standing.RUNNING:
        said = joined([strong(speaker.say("trigger.running")), running_box(report, speaker)], " — ")
        return box(report, speaker.words(one.title), said, one.standing)
    said = strong(speaker.say(f"trigger.{one.standing.value}"))
    parts = [said]
    if one.at is not None:
        parts.append(plain(speaker.clock(one.at)))
    elif report.live.confirmation is not None and report.live.confirmation is not Confirmation.LIVE:
        parts.append(speaker.say(f"confirmation.{report.live.confirmation.value}"))
    elif one.standing is Standing.UNSURE and report.bake.cut_short:
        parts.append(speaker.say("code.ended_early"))
    return box(report, speaker.words(one.title), joined(parts, " · "), one.standing)


def _needed(report: Report, speaker: Speaker) -> Item:
    undo, label = report.undo, speaker.say("label.undo_needed")
    if undo.needed is None and report.stage is not Stage.FINAL:
        return box(report, label, running_box(report, speaker), Standing.RUNNING)
    if undo.needed is None:
        said = joined([strong(speaker.say("answer.unknown")), speaker.reasons(report.reasons)], " — ")
        return Item(label=label, text=said, box=True, tone=Tone.WARN)
    if not undo.needed:
        never = report.live.confirmation is not Confirmation.LIVE
        why = speaker.say("undo.nothing_live") if never else ()
        return Item(label=label, text=joined([strong(speaker.say("answer.no")), why], " — "), box=True, tone=Tone.OK)
    return Item(label=label, text=_why_needed(report, speaker), box=True, tone=Tone.BAD)


def _why_needed(report: Report, speaker: Speaker) -> Inline:
    """Which triggers, and whether bakewatch might act by itself."""
    undo = report.undo
    fired = [speaker.words(one.title) for one in report.triggers if one.standing is Standing.FAILED]
    parts = [strong(speaker.say("answer.yes")), joined(fired, ", ")]
    if undo.permission is not None:
        may = speaker.say(f"permission.{undo.permission.value}")
        why = speaker.reasons(undo.reasons)
        parts.append((*may, *plain(" ("), *why, *plain(")")) if why else may)
    return joined(parts, " — ")


def _done(report: Report, speaker: Speaker) -> Item:
    undo, label = report.undo, speaker.say("label.undo_done")
    if undo.done is not None:
        entry = "undo.already" if undo.done.already else "undo.done"
        told = speaker.say(entry, commit=code(undo.done.commit[:12]), at=speaker.clock(undo.done.at))
        parts = [strong(speaker.say("answer.yes")), told, _asked(undo, speaker)]
        return Item(label=label, text=joined(parts, " — "), box=True, tone=Tone.OK)
    if report.stage is not Stage.FINAL:
        waiting = _asked(undo, speaker) or running_box(report, speaker)
        return Item(label=label, text=joined([strong(speaker.say("answer.not_yet")), waiting], " — "), box=False)
    return Item(label=label, text=_why_not(report, speaker), box=True, tone=Tone.BAD if undo.needed else Tone.INFO)


def _why_not(report: Report, speaker: Speaker) -> Inline:
    undo = report.undo
    parts = [strong(speaker.say("answer.no"))]
    if not undo.needed:
        return joined([*parts, speaker.say("undo.not_needed" if undo.needed is False else "undo.not_judged")], " — ")
    if undo.refusal is not None:
        parts.append(speaker.reason(undo.refusal))
    elif report.reason:
        parts.append(speaker.code(report.reason))
    parts.append(_asked(undo, speaker))
    if undo.attempts > 1:
        parts.append(speaker.say("undo.attempts", attempts=number(undo.attempts)))
    if undo.link:
        parts.append(speaker.say("undo.link", link=code(undo.link)))
    return joined(parts, " — ")


def _asked(undo: UndoReport, speaker: Speaker) -> Inline:
    """What a person was asked, and said."""
    if undo.asked_at is None:
        return ()
    asked = speaker.clock(undo.asked_at)
    if undo.answered_at is None:
        until = speaker.clock(undo.asked_until) if undo.asked_until is not None else "?"
        return speaker.say("undo.asked", asked=asked, until=until)
    at = speaker.clock(undo.answered_at)
    if not undo.approved and not undo.by:
        return speaker.say("undo.no_answer", asked=asked, at=at)
    told = speaker.say("undo.approved" if undo.approved else "undo.rejected", at=at, by=code(undo.by))
    return joined([told, code(undo.why)], ": ")


def _live(report: Report, speaker: Speaker) -> Item:
    """Is the undo itself live?"""
    label, live = speaker.say("label.undo_live"), report.undo.live
    if live is None or live.confirmation is None:
        if report.stage is Stage.FINAL:
            return box(report, label, speaker.say("standing.not_reached"), Standing.NOT_REACHED)
        return box(report, label, speaker.say("stage.undoing"), Standing.RUNNING)
    said = strong(speaker.say(f"confirmation.{live.confirmation.value}"))
    if live.live_since is not None:
        said = joined([said, plain(speaker.clock(live.live_since))], " · ")
    held = live.confirmation in (Confirmation.LIVE, Confirmation.SUPERSEDED)
    return box(report, label, said, Standing.OK if held else Standing.FAILED)


def _proved(report: Report, speaker: Speaker) -> Item:
    """Was what failed seen to pass again?"""
    label, proof = speaker.say("label.proof"), report.undo.proof
    if proof is None:
        if report.stage is Stage.FINAL:
            return box(report, label, speaker.say("standing.not_reached"), Standing.NOT_REACHED)
        return box(report, label, speaker.say("stage.undoing"), Standing.RUNNING)
    answer = strong(speaker.say("proof.cured" if proof.cured else "proof.not_cured"))
    when = plain(f"{speaker.clock(proof.since)} → {speaker.clock(proof.at)}")
    seen = joined(_seen_again(proof, speaker), ", ")
    said = joined([answer, when, seen, speaker.reasons(proof.reasons)], " · ")
    return box(report, label, said, Standing.OK if proof.cured else Standing.FAILED)


def _seen_again(proof: ProofReport, speaker: Speaker) -> list[Inline]:
    """What the proof saw of everything that had failed."""
    seen = []
    for one in proof.evidence:
        title = speaker.named(f"check:{one.check}")
        seen.append(speaker.say("summary.counts", title=title, count=number(one.count), own=number(one.own)))
    for run in proof.journeys:
        seen.append(joined([speaker.named(f"journey:{run.journey}"), speaker.say(f"walked.{run.walked.value}")], ": "))
    return seen


def _procedure(report: Report, speaker: Speaker) -> tuple[str, ...]:
    """The commands that undo it, with what stands against running them."""
    notes = []
    if report.undo.done is not None:
        notes.append(speaker.say("procedure.done", commit=report.undo.done.commit))
    elif report.ending is not None and report.live.confirmation is not Confirmation.LIVE:
        notes.append(speaker.say("procedure.not_live"))
    if report.release.touches_migrations:
        notes.append(speaker.say("procedure.migrations"))
    after = speaker.say("procedure.confirm")
    return (*(f"# {words_of(one)}" for one in notes), *report.undo.commands, f"# {words_of(after)}")
