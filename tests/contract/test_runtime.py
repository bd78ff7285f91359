"""One suite for both runtimes: what the story may rely on."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bakewatch.model.timeline import Notified, from_json
from bakewatch.ports import Message, Runtime
from bakewatch.testing import InlineRuntime
from bakewatch.testing.runtime import Clock

Run = Callable[[Callable[[Runtime], None], list[Message]], list[str]]
"""Runs a story on a runtime, with messages that are waiting; returns the lines it published."""


def _inline(story: Callable[[Runtime], None], messages: list[Message]) -> list[str]:
    now = datetime.now(UTC)
    runtime = InlineRuntime(Clock(now))
    runtime.messages = [(now, message) for message in messages]
    story(runtime)
    return [result for name, result in runtime.journal.entries if name == "publish"]


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Stories as DBOS workflows on SQLite."""
    from dbos import DBOS, SetWorkflowID

    from bakewatch.durable.runtime import STREAM, TOPIC, DbosRuntime

    stories: dict[str, Callable[[Runtime], None]] = {}
    sent = threading.Event()

    @DBOS.workflow(name="told")
    def told(name: str) -> str:
        assert sent.wait(30)
        stories[name](DbosRuntime())
        DBOS.close_stream(STREAM)
        return ""

    path: Path = tmp_path_factory.mktemp("durable") / "runtime.sqlite"
    DBOS(
        config={
            "name": "runtime",
            "system_database_url": f"sqlite:///{path}",
            "application_version": "test",
            "notification_listener_polling_interval_sec": 0.02,
            "log_level": "CRITICAL",
        }
    )
    DBOS.launch()

    def run(story: Callable[[Runtime], None], messages: list[Message]) -> list[str]:
        import msgspec

        name = f"story-{len(stories)}"
        stories[name] = story
        sent.clear()
        with SetWorkflowID(name):
            handle = DBOS.start_workflow(told, name)
        for message in messages:
            DBOS.send(name, msgspec.json.encode(message).decode(), TOPIC)
        sent.set()
        lines = list(DBOS.read_stream(name, STREAM))
        handle.get_result()
        return lines

    yield run
    DBOS.destroy()


@pytest.fixture(params=["inline", pytest.param("durable", marks=pytest.mark.real)])
def run(request: pytest.FixtureRequest) -> Run:
    if request.param == "inline":
        return _inline
    found: Run = request.getfixturevalue("durable")
    return found


def test_events_are_published_in_order(run: Run) -> None:
    def story(runtime: Runtime) -> None:
        for number in range(20):
            runtime.publish(Notified(at=runtime.now(), transition=str(number)))

    told = from_json(run(story, []))
    assert [event.transition for event in told if isinstance(event, Notified)] == [str(one) for one in range(20)]


def test_a_step_returns_what_its_work_returned_in_its_own_type(run: Run) -> None:
    seen: list[object] = []

    def story(runtime: Runtime) -> None:
        seen.append(runtime.step("when", datetime, lambda: datetime(2026, 2, 7, tzinfo=UTC)))
        seen.append(runtime.step("what", Message, lambda: Message(kind="approve")))

    run(story, [])
    assert seen == [datetime(2026, 2, 7, tzinfo=UTC), Message(kind="approve")]


def test_time_does_not_run_backwards_and_waiting_ends_at_its_moment(run: Run) -> None:
    moments: list[datetime] = []

    def story(runtime: Runtime) -> None:
        until = runtime.now() + timedelta(milliseconds=300)
        assert runtime.wait_until(until) is None
        moments.extend([until, runtime.now()])

    run(story, [])
    assert moments[0] <= moments[1] < moments[0] + timedelta(seconds=2)


def test_a_message_wakes_early_and_is_heard_once(run: Run) -> None:
    heard: list[Message | None] = []

    def story(runtime: Runtime) -> None:
        heard.append(runtime.wait_until(runtime.now() + timedelta(seconds=30)))
        heard.append(runtime.wait_until(runtime.now() + timedelta(milliseconds=50)))

    run(story, [Message(kind="approve")])
    assert heard == [Message(kind="approve"), None]


def test_a_message_that_waits_is_heard_even_when_there_is_no_time_to_wait(run: Run) -> None:
    heard: list[Message | None] = []

    def story(runtime: Runtime) -> None:
        runtime.wait_until(runtime.now() + timedelta(milliseconds=700))
        heard.append(runtime.wait_until(runtime.now() - timedelta(hours=1)))

    run(story, [Message(kind="approve"), Message(kind="reject")])
    assert heard == [Message(kind="reject")]


def test_waiting_for_a_moment_that_has_passed_returns_at_once(run: Run) -> None:
    def story(runtime: Runtime) -> None:
        assert runtime.wait_until(runtime.now() - timedelta(hours=1)) is None

    run(story, [])
