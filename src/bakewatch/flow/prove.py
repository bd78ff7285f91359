"""Prove an undo: what failed is seen to pass, on the reverted production, for as long as the fault needs to show."""

from datetime import datetime, timedelta

from msgspec import structs

from bakewatch.flow.bake import Baked
from bakewatch.flow.case import Case
from bakewatch.flow.look import look
from bakewatch.judge import cure, rules
from bakewatch.model.bake import Watch
from bakewatch.model.timeline import Confirmed, Looked, Proved, Weighed


def prove(case: Case, baked: Baked, live: Confirmed, revert: str, restored: Confirmed | None = None) -> Proved:
    """See what failed pass again. *restored*: production had been seen to be without the release before *live*.

    The watch is a new one that begins when the revert was confirmed; only its evidence counts. It lasts as long as the
    plan says, or until the fault would have shown itself with 95 %, whichever is longer (at most as long as a bake).
    Then it looks on until the lines of its last minute are due. Journeys are walked at its beginning and at its end.
    """
    plan, run = case.plan, case.run
    fault = cure.time_to_show(baked.watch, live.at, baked.culprits)
    lasts = max(plan.span(plan.undo.proof), min(fault, plan.span(plan.bake.duration)))
    watch = structs.replace(
        baked.watch,
        live_since=live.at,
        started=live.at,
        ends=live.at + _whole(lasts, plan.minute),
        looks=(),
    )
    over = watch.ends + plan.span(plan.bake.settle)
    due, now, last = live.at, live.at, False
    while not last:
        last = due >= over
        watch, now = _look_again(case, watch, revert, walk=last or not watch.looks)
        due = min(case.next_look(due, now), max(over, now))
        message = None if last else run.wait_until(due)
        last = last or (message is not None and message.kind == "stop")
    evidence = rules.weigh(watch, now)
    cured, reasons = cure.cured(watch, baked.watch, baked.culprits, evidence)
    since = restored or live
    proved = Proved(at=now, cured=cured, since=since.live_since or since.at, reasons=reasons)
    case.note(proved)
    return proved


def _whole(length: timedelta, minute: timedelta) -> timedelta:
    """*length* in whole minutes of the plan, so that none is cut off."""
    return -(-length // minute) * minute


def _look_again(case: Case, watch: Watch, revert: str, *, walk: bool) -> tuple[Watch, datetime]:
    journeys = case.plan.journeys if walk else ()
    looked = case.run.step("look", Looked, lambda: look(case.world, watch, case.tag, journeys, revert))
    case.note(looked)
    watch = structs.replace(watch, looks=(*watch.looks, looked))
    now = case.run.now()
    case.note(Weighed(at=now, number=looked.number, evidence=rules.weigh(watch, now)))
    return watch, now
