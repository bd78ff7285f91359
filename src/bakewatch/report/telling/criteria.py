"""Section 3: every criterion of the definition of done, box by box."""

from collections.abc import Iterator

from bakewatch.model.report import (
    CheckReport,
    CriterionReport,
    Expectation,
    JourneyReport,
    PolicyReport,
    Report,
    Stage,
    Standing,
    Tone,
)
from bakewatch.model.text import said
from bakewatch.report.document import (
    Block,
    Heading,
    Inline,
    Item,
    Items,
    Paragraph,
    Section,
    code,
    joined,
    marked,
    plain,
    strong,
    words_of,
)
from bakewatch.report.say import Speaker, number
from bakewatch.report.standing import agrees, worst
from bakewatch.report.telling.charts import figure
from bakewatch.report.telling.checks import amplification, box, counted, facts, summary
from bakewatch.report.telling.walks import steps


def definition_of_done(report: Report, speaker: Speaker) -> Section:
    """3. The criteria of the plan, and whatever else was watched."""
    blocks: list[Block] = []
    for criterion in report.criteria:
        blocks += _criterion(report, criterion, speaker)
    if report.others is not None:
        blocks += _criterion(report, report.others, speaker)
    minutes = number(report.bake.planned_minutes)
    return Section(title=speaker.say("heading.criteria", minutes=minutes), blocks=tuple(blocks))


def _criterion(report: Report, criterion: CriterionReport, speaker: Speaker) -> list[Block]:
    title = joined([plain(criterion.id), speaker.words(criterion.title)], ": ") or speaker.say("heading.others")
    blocks: list[Block] = [Heading(level=3, text=title)]
    if criterion.item:
        blocks.append(Paragraph(label=speaker.say("label.item"), text=speaker.words(criterion.item)))
    if criterion.keywords:
        blocks.append(Paragraph(label=speaker.say("label.keywords"), text=()))
        blocks.append(Items(tuple(Item(text=code(keyword)) for keyword in criterion.keywords), short=True))
    if criterion.checks:
        blocks += _checks(report, criterion, speaker)
    for place, journey in enumerate(criterion.journeys, start=1):
        policies = [one for one in criterion.policies if one.journey == journey.name]
        blocks += _journey(report, journey, policies, f"{criterion.number}-{place}.", speaker)
    return blocks


def _checks(report: Report, criterion: CriterionReport, speaker: Speaker) -> list[Block]:
    looked = list(dict.fromkeys(speaker.words(one.looked) for one in criterion.checks))
    standing = worst(one.standing for one in criterion.checks)
    boxes = [box(report, speaker.say("label.state"), _stands(report, criterion.checks, standing, speaker), standing)]
    for check in criterion.checks:
        boxes += counted(report, check, criterion.checks, speaker)
    for check in criterion.checks:
        if check.amplification:
            boxes.append(amplification(report, check, speaker))
    boxes.append(
        box(report, speaker.say("label.log_summary"), summary(criterion.checks, speaker), standing, mark=False)
    )
    return [
        Paragraph(label=speaker.say("label.how"), text=joined(looked, "; ")),
        Paragraph(label=speaker.say("label.result"), text=()),
        Items(tuple(boxes)),
        *(block for check in criterion.checks for block in _numbers(report, check, speaker)),
    ]


def _numbers(report: Report, check: CheckReport, speaker: Speaker) -> Iterator[Block]:
    """The chart of a check and the numbers behind its boxes."""
    if check.chart is not None:
        yield figure(report, check, check.chart, speaker)
    if check.evidence is not None:
        yield facts(report, check, speaker)


def _stands(
    report: Report, parts: tuple[CheckReport | JourneyReport, ...], standing: Standing, speaker: Speaker
) -> Inline:
    said = strong(speaker.say(f"standing.{standing.value}"))
    if standing is Standing.RUNNING:
        return running_box(report, speaker)
    if standing is Standing.OK:
        return said
    why = speaker.reasons(tuple(reason for one in parts if one.standing is standing for reason in one.reasons))
    return joined([said, why], " — ")


def running_box(report: Report, speaker: Speaker) -> Inline:
    """An open box: not begun, or running, n of so many minutes."""
    if report.stage is Stage.CONFIRMING:
        return speaker.say("stage.confirming")
    planned = report.bake.planned_minutes + report.bake.extended_minutes
    done = min(report.bake.watched_minutes, planned)
    return speaker.say("box.running", minutes=number(int(done)), planned=number(planned))


def _journey(
    report: Report, journey: JourneyReport, policies: list[PolicyReport], place: str, speaker: Speaker
) -> list[Block]:
    blocks: list[Block] = [Heading(level=4, text=_called(journey, bool(policies), place, speaker))]
    result = box(report, speaker.say("label.result"), _walked(report, journey, speaker), journey.standing)
    scenario = _scenario(journey, speaker)
    if not policies:
        aim = joined(scenario, " → ")
        stands = _stands(report, (), journey.standing, speaker)
        boxes = (box(report, aim, stands, journey.standing), result) if aim else (result,)
        return [*blocks, Items(boxes), *steps(journey, speaker)]
    if scenario:
        blocks.append(Paragraph(label=speaker.say("label.scenario"), text=()))
        blocks.append(Items(tuple(Item(text=line) for line in scenario), numbered=True))
    for policy in policies:
        blocks += _policy(report, policy, result, speaker)
    return [*blocks, *steps(journey, speaker)]


def _called(journey: JourneyReport, policy: bool, place: str, speaker: Speaker) -> Inline:
    """`4-3. Check C: title`, where the plan's title does not say so itself."""
    title = said(journey.title, speaker.language).strip().removeprefix(place).strip()
    check_c = words_of(speaker.say("text.check_c"))
    named = marked(title if not policy or title.startswith(check_c) else f"{check_c}: {title}")
    return (*plain(f"{place} "), *named)


def _scenario(journey: JourneyReport, speaker: Speaker) -> list[Inline]:
    """The scenario line by line, or arrow by arrow."""
    lines = speaker.lines(journey.scenario)
    if len(lines) > 1:
        return lines
    return [marked(one.strip()) for one in said(journey.scenario, speaker.language).split("→") if one.strip()]


def _walked(report: Report, journey: JourneyReport, speaker: Speaker) -> Inline:
    """How often it was walked, how the last walk ended, and where it failed."""
    parts = [_stands(report, (journey,), journey.standing, speaker)]
    if journey.passed + journey.failed + journey.unwalked:
        walks = {name: number(getattr(journey, name)) for name in ("passed", "failed", "unwalked")}
        parts.append(speaker.say("journey.walks", **walks))
    if journey.last is not None and not journey.last.problem:
        steps = number(len(journey.last.steps))
        parts.append(speaker.say("journey.last", at=speaker.clock(journey.last.at), steps=steps))
    if journey.broken is not None:
        parts.append(_broken_at(journey, speaker))
    return joined(parts, " · ")


def _broken_at(journey: JourneyReport, speaker: Speaker) -> Inline:
    run = journey.broken
    if run is None:
        return ()
    step = run.steps[-1] if run.steps else None
    where = code(run.failed_step) or speaker.say("journey.unnamed_step")
    parts = [speaker.say("journey.broken", at=speaker.clock(run.at), step=where)]
    if step is not None:
        parts.append(code(" ".join(filter(None, (step.method, step.path, str(step.status or ""), step.code)))))
    return joined(parts, ": ")


def _policy(report: Report, policy: PolicyReport, result: Item, speaker: Speaker) -> list[Block]:
    """What is declared, what was observed, and whether they agree."""
    observed = tuple(_expectation(report, policy, one, speaker) for one in policy.expectations)
    blocks: list[Block] = [Paragraph(label=speaker.say("label.policy_items"), text=()), Items((*observed, result))]
    declared = [Item(label=speaker.say("label.declared"), text=strong(speaker.words(policy.title)), tone=Tone.INFO)]
    declared += [Item(text=speaker.words(text)) for text in policy.text]
    beside = speaker.say("text.from_plan")
    blocks += [Paragraph(label=speaker.say("label.policy"), aside=beside, text=()), Items(tuple(declared))]
    agreement = speaker.say(f"policy.agrees.{policy.standing.value}")
    conclusion = speaker.say(f"policy.conclusion.{policy.standing.value}")
    if policy.standing is Standing.RUNNING:
        agreement = conclusion = running_box(report, speaker)
    judged = (
        Item(label=speaker.say("label.declared"), text=strong(speaker.words(policy.title)), box=True),
        box(report, speaker.say("label.agrees"), strong(agreement), policy.standing),
        box(report, speaker.say("label.conclusion"), strong(conclusion), policy.standing),
    )
    return [*blocks, Paragraph(label=speaker.say("label.policy_verdict"), text=()), Items(judged)]


def _expectation(report: Report, policy: PolicyReport, one: Expectation, speaker: Speaker) -> Item:
    asks = speaker.words(one.asks) if one.asks else code(one.name)
    if one.observed is None:
        standing = Standing.UNSURE if policy.standing in (Standing.OK, Standing.FAILED) else policy.standing
        if standing is Standing.RUNNING:
            return box(report, asks, running_box(report, speaker), standing)
        unseen = speaker.say("policy.unobserved", expected=_fact(one.expected, speaker))
        return box(report, asks, joined([unseen, speaker.say(f"standing.{standing.value}")], " — "), standing)
    values = {"expected": _fact(one.expected, speaker), "observed": _fact(one.observed, speaker)}
    if agrees(one):
        return box(report, asks, speaker.say("policy.agrees.fact", **values), Standing.OK)
    return box(report, asks, speaker.say("policy.differs.fact", **values), Standing.FAILED)


def _fact(value: int | bool | str, speaker: Speaker) -> Inline:
    if isinstance(value, bool):
        return speaker.say("answer.yes" if value else "answer.no")
    return code(value) if isinstance(value, str) else plain(number(value))
