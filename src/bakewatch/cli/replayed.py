"""What a replay found, as tables and sentences."""

import math
from collections.abc import Callable, Iterator, Sequence

from bakewatch.model.foresight import RATIOS
from bakewatch.model.plan import Plan
from bakewatch.model.replay import (
    Advice,
    Alarms,
    BakeReplay,
    BakesReplay,
    Change,
    CheckReplay,
    Delay,
    ReleaseReplay,
    ReleasesReplay,
    Replay,
    Replayed,
)
from bakewatch.report.say import number, percent


def told(plan: Plan, done: Replayed) -> Iterator[str]:
    """Lines about *done*."""
    if isinstance(done, Replay):
        yield from _history(plan, done)
    else:
        yield from _releases(done) if isinstance(done, ReleasesReplay) else _bakes(done)
    if done.time_scale < 1:
        yield f"a demonstration: time runs {number(1 / done.time_scale)} times faster"
    if done.generated_history:
        yield "this history was made by a load generator; it is no real traffic"


def nothing(done: Replayed) -> str:
    """Why a replay is no evidence, in one line."""
    if isinstance(done, BakesReplay):
        return "no recorded bake to replay (a case that ended, of a release that went live)"
    if isinstance(done, ReleasesReplay) and not done.releases:
        return f"nothing was merged in the last {done.days:g} days"
    why = f" ({', '.join(done.gaps)})" if done.gaps else ""
    return f"no history to replay: no check has an answer that tells something{why}"


def _history(plan: Plan, done: Replay) -> Iterator[str]:
    rows = [("check", "rule", "bakes", "false/100", *(f"{ratio:g}x" for ratio in RATIOS))]
    rows += [_row(one) for one in done.checks]
    yield from _table(rows)
    yield ""
    rows = [("trigger", "bakes", "false rollbacks/100")]
    rows += [(one.trigger, str(one.alarms.bakes), _per_100(one.alarms)) for one in done.triggers]
    yield from _table([*rows, ("the plan", str(done.alarms.bakes), _per_100(done.alarms))])
    yield ""
    yield f"{done.days:g} days, a release every {plan.bake.duration}: false alarms per 100 releases, 95 % interval;"
    yield "x: minutes until half/95 % of the bakes find a fault so many times as large, or how many find it at all"
    for names in sorted({one.unanswered for one in done.triggers if one.unanswered}):
        triggers = [one.trigger for one in done.triggers if one.unanswered == names]
        yield f"not counted in {', '.join(triggers)}: {', '.join(names)}"
    yield from _advice(done.checks, done)


def _row(one: CheckReplay) -> tuple[str, ...]:
    delays = {delay.ratio: _delay(delay) for delay in one.delays}
    return (
        one.check,
        one.rule.value,
        str(one.alarms.bakes),
        _per_100(one.alarms),
        *(delays.get(ratio, "") for ratio in RATIOS),
    )


def _per_100(alarms: Alarms) -> str:
    if alarms.per_100 is None:
        return "unknown"
    return f"{_short(alarms.per_100)} ({_short(alarms.low)}-{_short(alarms.high)})"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _delay(one: Delay) -> str:
    if one.median is None or one.slowest is None:
        return percent(math.floor(one.found * 100) / 100)
    return f"{one.median:g}/{one.slowest:g}"


Words = Callable[[Advice, Replay], str]

_ADVICE: dict[Change, tuple[Words, str]] = {
    Change.TOO_WEAK: (
        lambda one, done: f" (5x found in {percent(math.floor(one.numbers['found'] * 100) / 100)} of bakes)",
        "too weak for its traffic: {}: bake for longer, count something that happens more often, or declare in "
        "`sees` what is enough",
    ),
    Change.CRIES_WOLF: (
        lambda one, done: f" ({_short(one.numbers['per_100'])} of 100 releases)",
        "cries wolf: {}: raise `minimum_ratio`, count actors with `distinct`, or let it only ask",
    ),
    Change.FIRES_BY_ITSELF: (
        lambda one, done: f" ({number(one.numbers['alarms'])} bakes)",
        "happens without a release: {}: what rule `zero` forbids must not be usual; narrow `where`, or compare",
    ),
    Change.NOTHING_BEFORE: (
        lambda one, done: "",
        "never counted anything: {}: no fault is a multiple of nothing; see `bakewatch check --power`",
    ),
    Change.SHORT_HISTORY: (
        lambda one, done: f" ({_short(one.numbers['answered'])} of {done.days:g} days)",
        "too little history: {}: the numbers rest on fewer bakes",
    ),
    Change.ASSUMED_NOISE: (
        lambda one, done: f" ({_short(one.numbers['days'])} days)",
        "too little history before the bakes: {}: how the counts drift is assumed and not learnt",
    ),
    Change.MEASURED_BEFORE: (lambda one, done: "", "measured before every bake, see `check --power`: {}"),
    Change.NO_HISTORY: (lambda one, done: f" ({one.detail})" if one.detail else "", "no history of: {}"),
}
"""What is said of each check, and the sentence about all of them."""


def _advice(checks: Sequence[CheckReplay], done: Replay) -> Iterator[str]:
    """One sentence for everything that could be better, with the checks that it is about."""
    for change, (words, sentence) in _ADVICE.items():
        about = [one.check + words(reason, done) for one in checks for reason in one.advice if reason.change is change]
        if about:
            yield sentence.format(", ".join(about))


def _releases(done: ReleasesReplay) -> Iterator[str]:
    yield from _table(
        [("release", "merged", "checks", "alarms", "rollback by (minute)"), *map(_release, done.releases)]
    )
    yield ""
    fired = sum(bool(one.triggers) for one in done.releases)
    yield f"{fired} of {len(done.releases)} releases of {done.days:g} days would have been rolled back"
    yield "when they went live is not known: each is judged from the minute of its commit on; journeys pass"
    unjudged = [one.commit[:7] for one in done.releases if not one.judged]
    if unjudged:
        yield f"not judged, for want of history or of time since: {', '.join(unjudged)}"
    for one in done.releases:
        if one.checks:
            yield f"{one.commit[:7]}: {', '.join(f'{name} ({minute:g})' for name, minute in one.checks.items())}"


def _release(one: ReleaseReplay) -> tuple[str, ...]:
    first = min(one.triggers.values(), default=None)
    firing = [name for name, minute in one.triggers.items() if minute == first]
    return one.commit[:7], f"{one.at:%Y-%m-%d %H:%M}Z", str(one.judged), str(len(one.checks)), _fired(firing, first)


def _bakes(done: BakesReplay) -> Iterator[str]:
    yield from _table([("bake", "ended", "looks", "fired then", "fires now"), *map(_bake, done.bakes)])
    yield ""
    yield "(minute of the bake); journeys are as they were walked"
    for one in done.bakes:
        yield from _about(one)


def _bake(one: BakeReplay) -> tuple[str, ...]:
    then, now = _fired(one.fired, one.fired_at), _fired(one.now, one.now_at)
    return _short_id(one.bake_id), one.ending.value, str(one.looks), then, now


def _about(one: BakeReplay) -> Iterator[str]:
    if not one.looks:
        yield f"{_short_id(one.bake_id)}: never baked, nothing to judge"
        return
    if one.culprits:
        yield f"{_short_id(one.bake_id)}: by {', '.join(one.culprits)}"
    if one.unanswered:
        yield f"{_short_id(one.bake_id)}: unanswered, not asked so then: {', '.join(one.unanswered)}"


def _short_id(bake_id: str) -> str:
    """The commit, short, with the attempt."""
    commit, tilde, attempt = bake_id.rpartition("@")[2].partition("~")
    return f"{commit[:7]}{tilde}{attempt}"


def _fired(triggers: Sequence[str], minute: float | None) -> str:
    """The first of the *triggers*, how many fired with it, and when."""
    if not triggers or minute is None:
        return "-"
    more = f" +{len(triggers) - 1}" if triggers[1:] else ""
    return f"{triggers[0]}{more} ({_short(minute)})"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
