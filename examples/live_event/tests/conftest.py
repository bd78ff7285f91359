"""The running service, healthy and with its known fault."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from live_rig import ADMIN, Live, Person, served

from live_event import data
from live_event.team import EXAMPLE, change


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """The service on a database of its own."""
    with served() as running:
        yield running


@pytest.fixture
def somebody(live: Live) -> Person:
    """Somebody who has just signed up and is registered nowhere."""
    return live.sign_up()


@pytest.fixture
def admin(live: Live) -> Person:
    """The administrator."""
    return live.sign_in(ADMIN)


@pytest.fixture
def event(live: Live) -> str:
    """The id of a new event."""
    return live.new_event()


@pytest.fixture
def path(event: str) -> str:
    """The path of the new event."""
    return f"/api/events/{event}"


@pytest.fixture
def faulty(live: Live, monkeypatch: pytest.MonkeyPatch) -> Live:
    """The service with the release that asks for a column that does not exist."""
    (file,) = {edit.file for edit in change("registrations_id").edits}
    source = Path(EXAMPLE / file)
    text = source.read_text()
    for edit in change("registrations_id").edits:
        text = text.replace(edit.find, edit.replace)
    released = ModuleType("released")
    exec(compile(text, str(source), "exec"), released.__dict__)
    monkeypatch.setattr(data, "registration", released.registration)
    return live
