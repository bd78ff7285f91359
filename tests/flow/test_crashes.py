"""A crash before and after every recorded operation: the same timeline, at most one gap, exactly one undo."""

from datetime import timedelta

from bakewatch.model.timeline import Interrupted
from bakewatch.testing import Journal
from tests.flow.stories import Story, Told
from tests.flow.test_stories import harmful


def _whole() -> Told:
    return Story(arrange=harmful).tell()


def test_a_crash_anywhere_resumes_to_the_same_timeline_and_one_undo() -> None:
    whole = _whole()
    operations = len(whole.journal.entries)
    assert operations > 30
    for crash_at in range(operations):
        for after_work in (False, True):
            told = Story(arrange=harmful, journal=Journal()).tell(crash_at=crash_at, crash_after_work=after_work)
            where = f"crash at {crash_at} ({whole.journal.entries[crash_at][0]}), after work: {after_work}"
            assert told.ending is whole.ending, where
            assert told.world.reverts == 1, where
            gaps = [event for event in told.timeline if isinstance(event, Interrupted)]
            assert len(gaps) <= 1, where
            kinds = [type(event).__name__ for event in told.timeline]
            assert kinds == [type(event).__name__ for event in whole.timeline], where
            assert len(told.world.notices) == 1, where


def test_time_that_nobody_watched_is_booked_as_one_gap() -> None:
    whole = _whole()
    looks = [number for number, (name, _) in enumerate(whole.journal.entries) if name == "step look"]
    told = Story(arrange=harmful, journal=Journal(), downtime=timedelta(minutes=3)).tell(crash_at=looks[0])
    gaps = [event for event in told.timeline if isinstance(event, Interrupted)]
    assert len(gaps) == 1
    assert gaps[0].until - gaps[0].since >= timedelta(minutes=3)
    assert told.world.reverts == 1
