"""What happens around a release: who comes, who asks, and how late log lines are."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from live_rig import eventually, read

from live_event import scenes
from live_event.logs import EDGE, Call, Line, LogWriter, edge_line
from live_event.scenes import AHEAD, LATE, LEAST, SCENES, Stage, lateness, now_playing, play, played, skew
from live_event.ship import Shipper
from live_event.tables import PUBLIC_KEY


@dataclass
class Company:
    """Visitors who only come."""

    known_error: bool = False
    slowness: float = 1.0
    came: list[int] = field(default_factory=list)

    def arrive(self, number: int) -> asyncio.Task[None]:
        self.came.append(number)
        return asyncio.create_task(asyncio.sleep(0))


def _staged(
    folder: Path, name: str, until: Callable[[Company, Counter[str]], bool]
) -> tuple[Company, Counter[str], list[httpx.Headers]]:
    """Play the scene *name* until something is so; who came, what was asked, and how."""
    company, asked, headers = Company(), Counter[str](), list[httpx.Headers]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked[request.url.path] += 1
        headers.append(request.headers)
        return httpx.Response(404)

    async def act() -> None:
        async with httpx.AsyncClient(base_url="http://live", transport=httpx.MockTransport(answer)) as client:
            stage = Stage(folder, client, company, size=3)
            await stage.turn(name)
            async with asyncio.timeout(10):
                while not until(company, asked):
                    await asyncio.sleep(0)
            await stage.turn("")

    asyncio.run(act())
    return company, asked, headers


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd that comes at once, and strangers who do not wait."""
    monkeypatch.setattr(scenes, "CROWD_COMES_WITHIN", 0.0)
    monkeypatch.setattr(scenes, "MINUTE", 0.0)


def test_nothing_is_played_until_something_is(tmp_path: Path) -> None:
    assert now_playing(tmp_path) == ""
    (tmp_path / "scene.json").write_text("{")
    assert now_playing(tmp_path) == ""
    play(tmp_path, "bot")
    assert now_playing(tmp_path) == "bot"


def _played(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is played from now on, in order."""
    told: list[str] = []
    monkeypatch.setattr(scenes, "play", lambda folder, name: told.append(name))
    return told


def test_a_scene_begins_once_the_release_is_served_and_ends_at_its_time(
    tmp_path: Path, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, asked = _played(monkeypatch), iter((False, True))
    with played(tmp_path, "bot", lambda: next(asked), {}):
        eventually(lambda: told == ["bot", ""] or None)


def test_a_scene_ends_with_the_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _played(monkeypatch)
    monkeypatch.setitem(SCENES, "bot", replace(SCENES["bot"], begins=0.0, lasts=1e6))
    with played(tmp_path, "bot", lambda: True, {}):
        eventually(lambda: told or None)
    assert told == ["bot", ""]


def test_nothing_is_played_around_a_release_that_is_never_served(
    tmp_path: Path, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _played(monkeypatch)
    with played(tmp_path, "bot", lambda: False, {}):
        pass
    assert told == []


@pytest.mark.parametrize("name", ["", "known_error"])
def test_what_is_no_scene_or_is_played_all_the_time_is_left_alone(tmp_path: Path, name: str) -> None:
    play(tmp_path, "known_error")
    with played(tmp_path, name, lambda: True, {}):
        pass
    assert now_playing(tmp_path) == "known_error"


def test_scenes_fit_into_half_an_hour_unless_they_last_to_the_end() -> None:
    for scene in SCENES.values():
        assert scene.standing or 0 <= scene.begins <= 10
        assert scene.begins + scene.lasts <= 25 or scene.lasts >= 40


def test_the_crowd_is_twice_as_many_again(tmp_path: Path, hasty: None) -> None:
    company, asked, _ = _staged(tmp_path, "flash_crowd", lambda company, _: len(company.came) == 6)
    assert company.came == [3, 4, 5, 6, 7, 8]
    assert not asked


def test_the_bot_guesses_at_paths_of_every_kind(tmp_path: Path) -> None:
    _, asked, headers = _staged(tmp_path, "bot", lambda _, asked: len(asked) >= 5)
    assert len(asked) == sum(asked.values())
    assert all("authorization" not in one for one in headers)


def test_the_stranger_has_the_public_key_and_nothing_else(tmp_path: Path, hasty: None) -> None:
    _, asked, headers = _staged(tmp_path, "outsider", lambda _, asked: sum(asked.values()) >= 2)
    assert set(asked) == {"/rest/v1/registrations"}
    assert all(one["apikey"] == PUBLIC_KEY and "authorization" not in one for one in headers)


def test_the_old_fault_is_met_while_it_is_played(tmp_path: Path) -> None:
    company, asked, _ = _staged(tmp_path, "known_error", lambda company, _: company.known_error)
    assert (company.known_error, company.came, asked) == (False, [], {})


def test_a_scene_may_do_something_when_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, done = _played(monkeypatch), list[str]()
    monkeypatch.setitem(SCENES, "bot", replace(SCENES["bot"], begins=0.0, lasts=0.0))
    with played(
        tmp_path, "bot", lambda: True, {"bot": lambda: done.append("bot"), "fading": lambda: done.append("no")}
    ):
        eventually(lambda: told == ["bot", ""] or None)
    assert done == ["bot"]


@pytest.mark.parametrize(("name", "more"), [("traffic_doubled", 3), ("crowd_at_start", 6)])
def test_a_crowd_has_its_size(tmp_path: Path, hasty: None, name: str, more: int) -> None:
    company, _, _ = _staged(tmp_path, name, lambda company, _: len(company.came) == more)
    assert company.came == list(range(3, 3 + more))


def test_people_do_less_and_less_while_it_fades(tmp_path: Path, hasty: None) -> None:
    slowest = 0.0

    def over(company: Company, asked: Counter[str]) -> bool:
        nonlocal slowest
        slowest = max(slowest, company.slowness)
        return slowest >= LEAST

    company, asked, _ = _staged(tmp_path, "fading", over)
    assert (company.slowness, asked) == (1.0, {})


def test_scenes_make_lines_late_or_wrong_about_their_time(tmp_path: Path) -> None:
    assert (lateness(tmp_path), skew(tmp_path)) == (0, 0)
    for name in SCENES:
        play(tmp_path, name)
        assert lateness(tmp_path) == {"log_delay": LATE, "log_outage": math.inf}.get(name, 0)
        assert skew(tmp_path) == (AHEAD if name == "clock_skew" else 0)


class _Drain:
    """A shipper whose clock and delay are ours."""

    def __init__(self, folder: Path) -> None:
        self.late, self.ahead = 0.0, 0.0
        self._target, self._writer = folder / "logs", LogWriter(folder / "written")
        self.shipper = Shipper(folder / "written", self._target, lambda: self.late, lambda: self.ahead)

    def write(self, name: str) -> None:
        self._writer.write(edge_line(datetime(2026, 2, 7, tzinfo=UTC), Call("GET", f"/{name}", "", 200, 1.0)))

    @property
    def lines(self) -> list[Line]:
        return read(self._target / f"{EDGE}.ndjson")

    @property
    def shipped(self) -> list[str]:
        return [one["log_attributes"]["request.path"] for one in self.lines]


def test_lines_are_shipped_at_once_and_in_order(tmp_path: Path) -> None:
    drain = _Drain(tmp_path)
    for name in "abc":
        drain.write(name)
        drain.shipper.ship(0.0)
    assert drain.shipped == ["/a", "/b", "/c"]


def test_late_lines_come_within_their_time_and_out_of_order(tmp_path: Path) -> None:
    drain = _Drain(tmp_path)
    drain.late = 7.2
    names = [f"line{number}" for number in range(20)]
    for name in names:
        drain.write(name)
        drain.shipper.ship(0.0)
    assert len(drain.shipped) < 20
    drain.shipper.ship(7.2)
    assert sorted(drain.shipped) == sorted(f"/{name}" for name in names)
    assert drain.shipped != [f"/{name}" for name in names]


def test_while_the_drain_is_away_nothing_comes_and_later_everything(tmp_path: Path) -> None:
    drain = _Drain(tmp_path)
    drain.late = math.inf
    drain.write("lost")
    drain.shipper.ship(0.0)
    drain.shipper.ship(1e9)
    assert drain.shipped == []
    drain.shipper.ship(1e9, all_of_it=True)
    assert drain.shipped == ["/lost"]


def test_a_clock_that_is_ahead_changes_nothing_but_the_time(tmp_path: Path) -> None:
    drain = _Drain(tmp_path)
    drain.write("right")
    drain.shipper.ship(0.0)
    drain.ahead = 1.5
    drain.write("wrong")
    drain.shipper.ship(0.1)
    right, wrong = drain.lines
    assert [one["timestamp"] for one in (right, wrong)] == ["2026-02-07T00:00:00.000000", "2026-02-07T00:00:01.500000"]
    assert set(right) == set(wrong) and wrong["log_attributes"]["request.path"] == "/wrong"


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    drain = _Drain(tmp_path)
    path = tmp_path / "written" / f"{EDGE}.ndjson"
    drain.write("whole")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    drain.shipper.ship(0.0)
    assert drain.shipped == ["/whole"]
    path.write_bytes(whole + whole)
    drain.shipper.ship(1.0)
    assert drain.shipped == ["/whole", "/whole"]


@pytest.mark.real
def test_what_is_held_back_when_it_stops_is_shipped_all_the_same(tmp_path: Path) -> None:
    drain = _Drain(tmp_path)
    drain.late = 1e6
    drain.write("late")
    drain.shipper.start()
    eventually(lambda: drain.shipper._held or None)
    assert drain.shipped == []
    drain.shipper.stop()
    assert drain.shipped == ["/late"]
