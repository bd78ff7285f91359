"""What a check found: its boxes, and the numbers behind them."""

import math

from bakewatch.model.foresight import RATIOS
from bakewatch.model.habit import Trust
from bakewatch.model.plan import Rule
from bakewatch.model.precedent import Kind
from bakewatch.model.report import CheckReport, Report, Standing, Unit
from bakewatch.model.verdict import Evidence
from bakewatch.report.document import TONE_OF, Facts, Inline, Item, joined, plain, strong
from bakewatch.report.say import Speaker, number, percent
from bakewatch.stats.noise import PLAIN

_BESIDE = {Kind.DAY: "facts.by_day", Kind.RELEASE: "facts.by_release"}
_NOTHING = -50.0
"""ln E below this: nothing at all speaks for a change."""


def box(report: Report, label: Inline, text: Inline, standing: Standing, *, mark: bool = True) -> Item:
    """A box with its answer. It stays open only while the case runs."""
    closed = standing is not Standing.RUNNING or report.ending is not None
    return Item(label=label, text=text, box=closed, tone=TONE_OF[standing] if mark else None)


def counted(report: Report, check: CheckReport, beside: tuple[CheckReport, ...], speaker: Speaker) -> list[Item]:
    """How much was found; for volumes also whether it grew, for floors whether it fell.

    *beside* are all checks of the criterion: growth that is told as amplification is not told twice.
    """
    title = speaker.words(check.title)
    if check.rule in (Rule.ZERO, Rule.PROPORTION, Rule.SLOWER, Rule.NOVELTY):
        label = speaker.say("label.found", title=title)
        return [box(report, label, found(report, check, speaker), check.standing, mark=False)]
    count = box(report, title, found(report, check, speaker), check.standing, mark=False)
    if check.name in {one.amplification for one in beside}:
        return [count]
    alike = [one for one in beside if one.rule is check.rule]
    changed = speaker.say("label.fell" if check.rule is Rule.FLOOR else "label.grew")
    changed = joined([changed, title], " · ") if len(alike) > 1 else changed
    return [count, box(report, changed, changes(check, speaker), check.standing)]


def amplification(report: Report, check: CheckReport, speaker: Speaker) -> Item:
    """Did traffic grow along with it? Told by the check that is named for it."""
    label = speaker.say("label.amplified")
    other = _find(report, check.amplification)
    if other is None:
        return box(report, label, speaker.say("standing.not_reached"), check.standing)
    told = joined([changes(other, speaker), speaker.words(other.title)], " · ")
    return box(report, label, told, other.standing)


def _find(report: Report, name: str) -> CheckReport | None:
    told = [*report.criteria, *([report.others] if report.others is not None else [])]
    return next((one for criterion in told for one in criterion.checks if one.name == name), None)


def found(report: Report, check: CheckReport, speaker: Speaker) -> Inline:
    """The count against what it is told of; our own traffic apart."""
    evidence = check.evidence
    if evidence is None:
        return joined([speaker.say(f"standing.{check.standing.value}"), speaker.reasons(check.reasons)], " — ")
    parts = [_against(report, check, (evidence.count, evidence.exposure), speaker, bold=True)]
    if evidence.own:
        parts.append(speaker.say("found.own", own=number(evidence.own)))
    return joined([*parts, _partly(check, evidence, speaker)], "; ")


def _partly(check: CheckReport, evidence: Evidence, speaker: Speaker) -> Inline:
    """A count of what was only partly seen says so: its zero is no zero."""
    whole = percent(evidence.seen) == percent(1.0)
    if check.standing in (Standing.BLIND, Standing.UNSURE, Standing.CUT_SHORT) and not whole:
        return speaker.say("found.partly", seen=percent(evidence.seen))
    return ()


def _against(
    report: Report, check: CheckReport, counts: tuple[int, float], speaker: Speaker, *, bold: bool = False
) -> Inline:
    """A count and what it is told of."""
    count, exposure = counts
    told = plain(number(count))
    shown = strong(told) if bold else told
    if exposure <= 0 and not count:
        return speaker.say("found.uncounted")
    if exposure <= 0:
        return speaker.say("found.unexposed", count=shown)
    if check.unit is Unit.MINUTE:
        minutes = exposure / report.bake.minute_seconds
        values = {"minutes": number(round(minutes, 1)), "rate": number(count / minutes)}
        return speaker.say("found.minute", count=shown, **values)
    rate = percent(count / exposure) if check.unit is Unit.SHARE else number(count / exposure)
    return speaker.say(f"found.{check.unit.value}", count=shown, of=number(exposure), rate=rate)


def changes(check: CheckReport, speaker: Speaker) -> Inline:
    """Yes, no, or why that cannot be said; and by how much."""
    answer = strong(speaker.say(f"changed.{check.standing.value}"))
    parts = [answer]
    if check.evidence is not None and check.evidence.ratio is not None:
        parts.append(ratio(check.evidence, speaker))
    if check.standing in (Standing.UNSURE, Standing.BLIND, Standing.NOT_REACHED) and check.reasons:
        parts.append(speaker.reasons(check.reasons))
    return joined(parts, " — ")


def ratio(evidence: Evidence, speaker: Speaker) -> Inline:
    """The ratio to the time before, with its interval."""
    if evidence.ratio is None:
        return ()
    if evidence.low is None and evidence.high is None:
        return speaker.say("facts.ratio_bare", ratio=number(evidence.ratio))
    low = "0" if evidence.low is None else number(evidence.low)
    high = "∞" if evidence.high is None else number(evidence.high)
    return speaker.say("facts.ratio", ratio=number(evidence.ratio), low=low, high=high)


def summary(checks: tuple[CheckReport, ...], speaker: Speaker) -> Inline:
    """Counts per check, without a word of any log line."""
    return joined([_summed(check, speaker) for check in checks], "; ")


def _summed(check: CheckReport, speaker: Speaker) -> Inline:
    title, evidence = speaker.words(check.title), check.evidence
    if evidence is None:
        return (*title, *plain(": "), *speaker.say(f"standing.{check.standing.value}"))
    if evidence.exposure <= 0 and not evidence.count and not evidence.own:
        return (*title, *plain(": "), *speaker.say("found.uncounted"))
    values = {"count": number(evidence.count), "own": number(evidence.own)}
    told = speaker.say("summary.counts", title=title, **values)
    partly = _partly(check, evidence, speaker) if check.standing is not Standing.CUT_SHORT else ()
    notes = joined([_when(evidence, speaker), partly], "; ")
    return (*told, *plain(" ("), *notes, *plain(")")) if notes else told


def _when(evidence: Evidence, speaker: Speaker) -> Inline:
    if evidence.first_at is None or evidence.last_at is None:
        return ()
    first, last = speaker.clock(evidence.first_at), speaker.clock(evidence.last_at)
    return speaker.say("facts.when", first=first, last=last, buckets=number(evidence.buckets_hit))


def facts(report: Report, check: CheckReport, speaker: Speaker) -> Facts:
    """The numbers behind the boxes: after, before, ratio, evidence, and how much could have been seen."""
    rows: list[tuple[str, Inline]] = []
    evidence = check.evidence
    if evidence is not None:
        rows = [
            ("fact.after", _against(report, check, (evidence.count, evidence.exposure), speaker)),
            ("fact.own", speaker.say("facts.own", own=number(evidence.own))),
            ("fact.before", _before(report, check, evidence, speaker)),
            ("fact.novelty", novelty(check, speaker)),
            ("fact.habit", _habit(check, speaker)),
            ("fact.ratio", _ratio(evidence, speaker)),
            ("fact.evidence", _weight(check, evidence, speaker)),
            ("fact.beside", _beside(evidence, speaker)),
            ("fact.not_worse", _not_worse(check, evidence, speaker)),
            ("fact.when", _when(evidence, speaker)),
            ("fact.foresight", _foresight(check, speaker)),
            ("fact.could_see", _could_see(check, evidence, speaker)),
            ("fact.upper", _upper(check, speaker)),
            ("fact.seen", _seen(evidence, speaker)),
            ("fact.second", _second(check, speaker)),
            ("fact.reasons", speaker.reasons(evidence.reasons)),
        ]
    required = speaker.say("facts.required" if check.required else "facts.optional")
    title = joined([speaker.words(check.title), speaker.say(f"rule.{check.rule.value}"), required], " · ")
    return Facts(
        label=speaker.say("label.facts"),
        title=title,
        rows=tuple((speaker.say(entry), text) for entry, text in rows if text),
    )


def _before(report: Report, check: CheckReport, evidence: Evidence, speaker: Speaker) -> Inline:
    if _refused(check):
        return ()
    if evidence.base_exposure <= 0:
        return speaker.say("facts.no_baseline")
    return _against(report, check, (evidence.base_count, evidence.base_exposure), speaker)


def _habit(check: CheckReport, speaker: Speaker) -> Inline:
    """How noisy the counts are by themselves, which the evidence allows for."""
    if check.habit is None or (check.habit.novelty is not None and check.habit.novelty.trust is not Trust.COUNTS):
        return ()
    noise = check.habit.noise
    drift = math.expm1(max(noise.taus[-1]))
    values = {"scatter": number(round(noise.phi, 1)), "drift": percent(drift), "days": number(check.habit.days)}
    learnt = "facts.season" if check.habit.season else "facts.habit"
    entry = "facts.habit_assumed" if noise == PLAIN else learnt
    return speaker.say(entry, **values)


def novelty(check: CheckReport, speaker: Speaker) -> Inline:
    """How often it would have fired when nothing happened, and what it may do therefore."""
    measured = check.habit.novelty if check.habit is not None else None
    if measured is None:
        return ()
    may = speaker.say(f"novelty.{measured.trust.value}")
    may = joined([may, speaker.code(measured.why) if measured.why else ()], " — ")
    if measured.rate is None:
        return may
    values = {"surprised": number(measured.surprised), "windows": number(measured.windows)}
    shares = {"rate": percent(measured.rate), "upper": percent(measured.upper)}
    return joined([speaker.say("novelty.measured", **values, **shares), may], ": ")


def _refused(check: CheckReport) -> bool:
    """Does a check of rule `novelty` tell nothing?"""
    measured = check.habit.novelty if check.habit is not None else None
    return measured is not None and measured.trust is Trust.REFUSED


def _ratio(evidence: Evidence, speaker: Speaker) -> Inline:
    if evidence.ratio is None and evidence.ln_e is not None and evidence.base_exposure > 0:
        return speaker.say("facts.no_ratio")
    return ratio(evidence, speaker)


def _weight(check: CheckReport, evidence: Evidence, speaker: Speaker) -> Inline:
    if evidence.ln_e is None and check.rule is Rule.NOVELTY:
        return ()
    if evidence.ln_e is None:
        return speaker.say("facts.policy") if check.rule is Rule.ZERO else speaker.say("facts.no_evidence")
    threshold = "?" if evidence.threshold is None else number(evidence.threshold)
    if evidence.ln_e <= _NOTHING:
        return speaker.say("facts.evidence_none", threshold=threshold)
    return speaker.say("facts.evidence", ln_e=number(evidence.ln_e), threshold=threshold)


def _beside(evidence: Evidence, speaker: Speaker) -> Inline:
    """The further baselines."""
    return joined(
        [
            speaker.say(
                _BESIDE[one.kind],
                ratio="∞" if one.ratio is None and one.count else number(one.ratio or 0),
                number=number(one.number),
                agrees=speaker.say("facts.agrees" if one.agrees else "facts.differs"),
            )
            for one in evidence.beside
        ],
        "; ",
    )


def _not_worse(check: CheckReport, evidence: Evidence, speaker: Speaker) -> Inline:
    if evidence.not_worse is None:
        return ()
    entry = "facts.not_less" if check.rule is Rule.FLOOR else "facts.not_worse"
    return speaker.say(entry, ratio=number(evidence.not_worse))


def _foresight(check: CheckReport, speaker: Speaker) -> Inline:
    """What was said before the bake."""
    said = check.foresight
    if said is None or said.could_see is None:
        return () if said is None else speaker.say("facts.foresight_nothing")
    by_the_end = speaker.say("facts.foresight", could_see=speaker.effect(check, said.could_see))
    entry = "facts.foresight_fall" if check.rule is Rule.FLOOR else "facts.foresight_rise"
    found = [
        speaker.say(entry, ratio=number(ratio), minutes=number(math.ceil(minutes)))
        for ratio, minutes in zip(RATIOS, said.minutes, strict=False)
        if minutes is not None
    ]
    return joined([by_the_end, *found], "; ")


def _could_see(check: CheckReport, evidence: Evidence, speaker: Speaker) -> Inline:
    """The smallest harm that would have been found. Of a floor it is the share that is lost."""
    if _refused(check):
        return ()
    if evidence.could_see is None:
        return speaker.say("facts.could_see_nothing")
    could_see = speaker.effect(check, evidence.could_see)
    if evidence.target is None:
        return speaker.say("facts.could_see_bare", could_see=could_see)
    entry = "facts.could_see" if evidence.sharp else "facts.could_not_see"
    return speaker.say(entry, could_see=could_see, target=speaker.effect(check, evidence.target))


def _upper(check: CheckReport, speaker: Speaker) -> Inline:
    if check.upper is None:
        return ()
    return speaker.say("facts.upper", upper=speaker.rate(check.upper, check.unit))


def _seen(evidence: Evidence, speaker: Speaker) -> Inline:
    return speaker.say("facts.seen", seen=percent(evidence.seen), blind=number(evidence.blind_minutes))


def _second(check: CheckReport, speaker: Speaker) -> Inline:
    if check.second is None:
        return ()
    if check.second.gap:
        return speaker.say("facts.second_gap", why=speaker.code(check.second.gap))
    values = {"count": number(check.second.count), "own": number(check.second.own)}
    return speaker.say("facts.second", **values)
