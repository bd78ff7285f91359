"""What the platform does for an undo: what the oracle said of it, going back, and being let go again."""

from bakewatch.model.hosting import Safety
from bakewatch.model.report import Report, Tone
from bakewatch.model.rollback import Rollback
from bakewatch.model.timeline import Confirmation
from bakewatch.report.document import Inline, Item, code, joined, plain, strong
from bakewatch.report.say import Speaker

_TONES = {Safety.SAFE: Tone.OK, Safety.RISKY: Tone.WARN, Safety.IMPOSSIBLE: Tone.WARN, Safety.UNKNOWN: Tone.WARN}


def before(report: Report, speaker: Speaker) -> list[Item]:
    """What comes before the revert; nothing without a platform to ask."""
    undo, items = report.undo, []
    if undo.prospect is not None:
        target = undo.prospect.target
        parts = [strong(speaker.say(f"safety.{undo.prospect.safety.value}"))]
        if target is not None:
            parts.append(joined([code(target.id), code(target.commit[:12])], " · "))
        parts.append(speaker.reasons(undo.prospect.reasons))
        tone = _TONES[undo.prospect.safety]
        items.append(Item(label=speaker.say("label.oracle"), text=joined(parts, " — "), box=True, tone=tone))
    if undo.back is not None:
        items.append(_moved("label.back", undo.back, _seen(report, speaker), speaker))
    return items


def after(report: Report, speaker: Speaker) -> list[Item]:
    """What comes after it."""
    undo = report.undo
    return [] if undo.unpin is None else [_moved("label.unpin", undo.unpin, (), speaker)]


def _moved(label: str, move: Rollback, seen: Inline, speaker: Speaker) -> Item:
    where = joined([code(move.deployment), code(move.commit[:12])], " · ")
    if move.problem:
        said = joined([strong(speaker.say("answer.no")), speaker.code(move.problem), where], " — ")
        return Item(label=speaker.say(label), text=said, box=True, tone=Tone.BAD)
    said = joined([strong(speaker.say("answer.yes")), plain(speaker.clock(move.at)), where, seen], " — ")
    return Item(label=speaker.say(label), text=said, box=True, tone=Tone.OK)


def _seen(report: Report, speaker: Speaker) -> Inline:
    """Was it seen at every address?"""
    undo = report.undo
    if undo.back_live is Confirmation.LIVE and undo.back_since is not None:
        return speaker.say("back.seen", at=speaker.clock(undo.back_since))
    return speaker.say("back.unseen") if undo.back_live is not None else ()
