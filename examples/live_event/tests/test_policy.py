"""Who may enter: everybody who is signed in (`auto`), or only who has registered (`closed`)."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from live_rig import Live, Person

pytestmark = pytest.mark.real

AT_ONCE = 40


@pytest.fixture
def closed(live: Live) -> str:
    """The path of an event for which one has to register."""
    return f"/api/events/{live.new_event(policy='closed')}"


def test_the_policy_is_told(live: Live, somebody: Person, path: str, closed: str) -> None:
    assert live.http.get(f"{path}/live", headers=somebody.headers).json()["event"]["policy"] == "auto"
    live.http.post(f"{closed}/registrations", headers=somebody.headers)
    assert live.http.get(f"{closed}/live", headers=somebody.headers).json()["event"]["policy"] == "closed"
    assert all(one["policy"] in {"auto", "closed"} for one in live.http.get("/api/events").json()["events"])


@pytest.mark.parametrize(("method", "what"), [("GET", "live"), ("POST", "access/track")])
def test_a_closed_event_sends_whoever_is_not_registered_to_register(
    live: Live, somebody: Person, closed: str, method: str, what: str
) -> None:
    answer = live.http.request(method, f"{closed}/{what}", headers=somebody.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "registration_needed")
    event = closed.rpartition("/")[2]
    assert (live.count("registrations", event), live.count("access_log", event)) == (0, 0)


def test_whoever_has_registered_enters_a_closed_event(live: Live, somebody: Person, closed: str) -> None:
    first = live.http.post(f"{closed}/registrations", headers=somebody.headers)
    again = live.http.post(f"{closed}/registrations", headers=somebody.headers)
    assert (first.status_code, again.status_code) == (201, 200)
    entered = live.http.post(f"{closed}/access/track", headers=somebody.headers)
    assert (entered.status_code, entered.json()) == (200, {"registered": True, "created": False})
    assert live.http.post(f"{closed}/presence/ping", headers=somebody.headers).status_code == 204


@pytest.mark.parametrize("policy", ["auto", "closed"])
def test_registering_many_times_at_once_is_one_registration_without_a_conflict(
    live: Live, somebody: Person, policy: str
) -> None:
    event = live.new_event(policy=policy)
    path = f"/api/events/{event}/registrations"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: live.http.post(path, headers=somebody.headers).status_code, range(AT_ONCE)))
    assert sorted(answers) == [200] * (AT_ONCE - 1) + [201]
    assert live.count("registrations", event) == 1


def test_many_signs_of_life_at_once_are_one_presence(live: Live, somebody: Person, event: str, path: str) -> None:
    live.http.post(f"{path}/access/track", headers=somebody.headers)
    ping = f"{path}/presence/ping"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: live.http.post(ping, headers=somebody.headers).status_code, range(AT_ONCE)))
    assert answers == [204] * AT_ONCE
    assert live.count("presence", event) == 1


def test_nobody_registers_without_signing_in(live: Live, path: str, closed: str) -> None:
    assert [live.http.post(f"{one}/registrations").status_code for one in (path, closed)] == [401, 401]


def test_another_policy_cannot_be_written(live: Live, event: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="events_policy"):
        live.rows("update events set policy = 'open' where id = %s returning 1", event)


def test_an_administrator_reads_a_closed_event_without_registering(live: Live, admin: Person, closed: str) -> None:
    assert [
        live.http.get(f"{closed}/{what}", headers=admin.headers).status_code for what in ("live", "chat", "questions")
    ] == [200, 200, 200]
    assert live.count("registrations", closed.rpartition("/")[2]) == 0
