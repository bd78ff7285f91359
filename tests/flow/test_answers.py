"""A person is asked at the pull request, and answers there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bakewatch.model.plan import Mode
from bakewatch.model.rollback import Rollback
from bakewatch.model.timeline import Answered, Asked
from bakewatch.model.verdict import Ending
from bakewatch.ports import Message, World
from bakewatch.testing import Journal, ScriptedWorld
from bakewatch.testing.hosting import ScriptedForge
from bakewatch.testing.runtime import START
from tests.flow.stories import Story, Told, with_mode
from tests.flow.test_stories import harmful

LATER = timedelta(minutes=12)
"""After the question."""


class AtForge:
    """A forge at which these answers come; what it became is kept."""

    def __init__(self, *answers: tuple[timedelta, str], silent: bool = False) -> None:
        self._answers, self._silent = list(answers), silent

    def __call__(self, world: World, scripted: ScriptedWorld) -> World:
        self.forge = ScriptedForge(scripted, answers=self._answers, silent=self._silent)
        return replace(world, forge=self.forge)


def _told(*answers: tuple[timedelta, str], **more: bool) -> tuple[Told, AtForge]:
    services = AtForge(*answers, **more)
    return Story(plan=with_mode(Mode.ASK), arrange=harmful, services=services).tell(), services


def test_an_approval_at_the_pull_request_undoes_it() -> None:
    told, services = _told((LATER, "approve"))
    assert (told.ending, told.world.reverts) == (Ending.UNDONE, 1)
    (answered,) = told.events("Answered")
    assert isinstance(answered, Answered) and answered.approved and answered.by == "maintainer"
    assert answered.at - (START + LATER) <= timedelta(seconds=15)
    asking = next(one for one in services.forge.shown if "/bakewatch approve" in one.text)
    assert "/bakewatch reject" in asking.text and "/bakewatch stop" in asking.text
    assert not any("/bakewatch" in one.text for one in services.forge.shown if one is not asking)
    assert [one.comment for one in told.world.notices] == ["/bakewatch approve", ""]


@pytest.mark.parametrize(("kind", "ending"), [("reject", Ending.NOT_UNDONE), ("stop", Ending.INCONCLUSIVE)])
def test_a_refusal_and_a_stop_there_end_it(kind: str, ending: Ending) -> None:
    told, _ = _told((LATER, kind), (LATER + timedelta(seconds=20), "approve"))
    assert (told.ending, told.world.reverts) == (ending, 0)


def test_what_was_said_before_the_question_answers_nothing() -> None:
    told, _ = _told((timedelta(seconds=45), "approve"))
    asked = next(one for one in told.timeline if isinstance(one, Asked))
    assert asked.at > START + timedelta(seconds=45)
    assert (told.ending, told.reason, told.world.reverts) == (Ending.NOT_UNDONE, "no_answer", 0)


def test_a_forge_that_cannot_be_asked_changes_nothing() -> None:
    told, _ = _told((LATER, "approve"), silent=True)
    assert (told.ending, told.reason, told.world.reverts) == (Ending.NOT_UNDONE, "no_answer", 0)


def test_the_watch_goes_on_while_the_pull_request_is_read() -> None:
    told, _ = _told((LATER, "approve"))
    looks = [one.at for one in told.timeline if type(one).__name__ == "Looked" and one.at < START + LATER]
    assert max(b - a for a, b in zip(looks, looks[1:], strict=False)) <= timedelta(seconds=30)


def test_a_nudge_lets_the_pull_request_be_read_at_once() -> None:
    said = LATER + timedelta(seconds=2)

    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.runtime.messages.append((START + said, Message(kind="nudge")))

    told = Story(plan=with_mode(Mode.ASK), arrange=arrange, services=AtForge((said, "approve"))).tell()
    (answered,) = told.events("Answered")
    assert isinstance(answered, Answered) and answered.at == START + said


def test_a_question_in_the_middle_of_the_undo_is_answered_there_too() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_problems = [Rollback(method="git", at=START, problem="unreachable")]
        world.moves_on_undo = True

    services = AtForge((LATER, "approve"))
    told = Story(arrange=arrange, services=services).tell()
    assert (told.ending, told.world.reverts) == (Ending.UNDONE, 1)
    assert sum("/bakewatch approve" in one.text for one in services.forge.shown) == 1


@pytest.mark.parametrize(
    ("after", "ending"), [(LATER, Ending.UNDONE), (timedelta(hours=2), Ending.NOT_UNDONE)], ids=["in time", "too late"]
)
def test_after_hours_without_a_process_only_an_answer_that_came_in_time_counts(
    after: timedelta, ending: Ending
) -> None:
    def story(downtime: timedelta = timedelta(0)) -> Story:
        services = AtForge((after, "approve"))
        return Story(plan=with_mode(Mode.ASK), arrange=harmful, services=services, downtime=downtime)

    whole = story().tell()
    first = next(at for at, (name, _) in enumerate(whole.journal.entries) if name == "step answers")
    told = story(timedelta(hours=3)).tell(crash_at=first + 1)
    assert (told.ending, told.world.reverts) == (ending, int(ending is Ending.UNDONE))


def test_a_crash_while_a_person_is_asked_changes_nothing() -> None:
    def tell(journal: Journal, **crash: int | bool) -> Told:
        story = Story(plan=with_mode(Mode.ASK), arrange=harmful, services=AtForge((LATER, "approve")), journal=journal)
        return story.tell(**crash)  # type: ignore[arg-type]

    whole = tell(Journal())
    steps = [at for at, (name, _) in enumerate(whole.journal.entries) if name == "step answers"]
    for crash_at in steps[:: len(steps) // 6]:
        for after_work in (False, True):
            told = tell(Journal(), crash_at=crash_at, crash_after_work=after_work)
            assert (told.ending, told.world.reverts) == (Ending.UNDONE, 1)
            assert told.timeline == whole.timeline
