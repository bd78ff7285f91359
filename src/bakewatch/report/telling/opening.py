"""Sections 1 and 2: the merge, and whether production serves it."""

from bakewatch.model.release import Deployment
from bakewatch.model.report import LiveReport, Report, Stage, Standing, Tone
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
)
from bakewatch.report.say import Speaker, number


def pulls(report: Report, speaker: Speaker) -> Inline:
    """Which pull requests: `PR #1, #2`; without any, the commit."""
    release = report.release
    if release.pulls:
        return plain("PR " + ", ".join(f"#{pull}" for pull in release.pulls))
    return code(release.commit[:7])


def merge(report: Report, speaker: Speaker) -> Section:
    """1. What was merged."""
    release = report.release
    numbers = ", ".join(f"#{pull}" for pull in release.pulls)
    items = [
        Item(label=speaker.say("label.pulls"), text=plain(numbers) or speaker.say("text.no_pull")),
        Item(label=speaker.say("label.merged_at"), text=plain(speaker.both(release.merged_at))),
        Item(label=speaker.say("label.merge_commit"), text=code(release.commit)),
        Item(label=speaker.say("label.state"), text=plain("MERGED"), tone=Tone.OK),
        Item(label=speaker.say("label.kind"), text=speaker.say(f"kind.{release.kind.value}")),
        Item(label=speaker.say("label.parent"), text=code(release.parent)),
        Item(label=speaker.say("label.branch"), text=code(f"{release.repository}@{release.branch}")),
    ]
    for one in release.members:
        told = joined([plain(f"#{one.pull}"), code(one.title), code(one.author)], " · ")
        items.append(Item(label=speaker.say("label.member"), text=told))
    if release.suspects:
        inherited = joined([code(one.commit[:12]) for one in release.suspects], ", ")
        items.append(Item(label=speaker.say("label.suspects"), text=inherited, tone=Tone.WARN))
    if release.title:
        items.insert(4, Item(label=speaker.say("label.title"), text=code(release.title)))
    touches = [speaker.code(name) for name in ("touches_plan", "touches_migrations") if getattr(release, name)]
    if touches:
        items.append(Item(label=speaker.say("label.touches"), text=joined(touches, "; ")))
    return Section(title=speaker.say("heading.merge"), blocks=(Items(tuple(items)),))


def deployment(report: Report, speaker: Speaker) -> Section:
    """2. Does production serve it?"""
    live = report.live
    how = speaker.say("text.how_confirmed", times=live.times, seconds=number(live.every_seconds))
    boxes = (
        _box(report, speaker, "label.deployed_at", _deployed_at(report, speaker)),
        _box(report, speaker, "label.deployment", _where(live, speaker)),
        _box(report, speaker, "label.deployed_commit", _served(live, speaker)),
    )
    blocks: list[Block] = [
        Paragraph(label=speaker.say("label.how_confirmed"), text=how),
        Items((*boxes, *_platform(report, speaker))),
    ]
    if live.told is not None and live.told.deployment is not None and live.told.deployment.log:
        blocks += [Paragraph(label=speaker.say("label.build_log"), text=()), Code(live.told.deployment.log)]
    blocks.append(Paragraph(label=speaker.say("label.note"), text=_note(report, speaker)))
    return Section(title=speaker.say("heading.deployment"), blocks=tuple(blocks))


def _platform(report: Report, speaker: Speaker) -> list[Item]:
    """What the platform says of its own deployment: its word beside the proof."""
    told = report.live.told
    if told is None:
        return []
    if told.problem:
        text = speaker.say("told.problem", problem=speaker.code(told.problem))
    elif told.deployment is None:
        text = speaker.say("told.none")
    else:
        one = told.deployment
        text = joined([strong(speaker.say(f"build.{one.build.value}")), code(one.id), code(one.code)], " · ")
    notes = [
        speaker.say("told.pinned", deployment=code(told.pinned)) if told.pinned else (),
        speaker.say("told.rolling") if told.rolling else (),
        speaker.say("told.astray", domains=joined([code(one) for one in told.astray], ", ")) if told.astray else (),
    ]
    tone = Tone.WARN if told.problem or any(notes) else Tone.INFO
    return [Item(label=speaker.say("label.platform"), text=joined([text, *notes], " · "), tone=tone)]


def _box(report: Report, speaker: Speaker, label: str, text: Inline) -> Item:
    waiting = report.live.confirmation is None and report.stage is not Stage.FINAL
    live = report.live.confirmation is Confirmation.LIVE
    if waiting:
        text = speaker.say("stage.confirming")
    tone = Tone.WAIT if waiting else Tone.OK if live else Tone.BAD
    return Item(label=speaker.say(label), text=text, box=not waiting, tone=tone)


def _deployed_at(report: Report, speaker: Speaker) -> Inline:
    live = report.live
    if live.confirmation is Confirmation.LIVE and live.live_since is not None and live.at is not None:
        confirmed = speaker.say("text.confirmed_at", at=speaker.clock(live.at))
        return joined([strong(speaker.both(live.live_since)), confirmed], " · ")
    if live.confirmation is None:
        return speaker.say(f"standing.{Standing.NOT_REACHED.value}")
    waited = speaker.say("text.waited", minutes=number(round(live.waited_minutes, 1)))
    return joined([strong(speaker.say(f"confirmation.{live.confirmation.value}")), waited], " · ")


def _where(live: LiveReport, speaker: Speaker) -> Inline:
    deployments = [_address(one, speaker) for one in live.deployments]
    silent = [joined([code(one.address), speaker.code(one.problem)], ": ") for one in live.sightings if one.problem]
    return joined([*deployments, *silent], ", ") or speaker.say("text.no_deployment")


def _address(one: Deployment, speaker: Speaker) -> Inline:
    return joined([code(one.id) or speaker.say("text.no_deployment_id"), code(one.address)], " · ")


def _served(live: LiveReport, speaker: Speaker) -> Inline:
    """Every commit that is served, set against the awaited one."""
    awaited = code(live.awaited[:7])
    served = sorted({one.commit for one in live.deployments} or {one.commit for one in live.sightings if one.commit})
    if not served:
        return speaker.say("text.served_nothing", awaited=awaited)
    told = joined([code(one[:7]) for one in served], ", ")
    alike = all(live.awaited.startswith(one) for one in served)
    return speaker.say("text.served_same" if alike else "text.served_other", served=told, awaited=awaited)


def _note(report: Report, speaker: Speaker) -> Inline:
    """What the outcome means for all that follows."""
    live = report.live
    if live.confirmation is None:
        return speaker.say("note.waiting")
    return speaker.say(f"note.{live.confirmation.value}")
