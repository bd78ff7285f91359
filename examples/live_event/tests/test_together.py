"""Chat and questions among people: pace, moderation, and what each of them sees, for real."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from live_rig import Live, Person

pytestmark = pytest.mark.real

PLACES = [("chat", "messages", "chat_messages"), ("questions", "questions", "questions")]
HOSTILE = "<img src=x onerror=alert(1)>\u202e</script>"


@pytest.fixture
def inside(live: Live, somebody: Person, path: str) -> Person:
    """Somebody who has entered."""
    live.http.post(f"{path}/access/track", headers=somebody.headers)
    return somebody


def _write(live: Live, path: str, who: Person, body: str) -> int:
    answer = live.http.post(path, headers=who.headers, json={"body": body})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.mark.parametrize(("place", "_", "table"), PLACES)
def test_five_are_taken_of_forty_that_somebody_writes_at_once(
    live: Live, inside: Person, event: str, path: str, place: str, _: str, table: str
) -> None:
    def write(number: int) -> int:
        body = {"body": f"words {number}"}
        return live.http.post(f"{path}/{place}", headers=inside.headers, json=body).status_code

    with ThreadPoolExecutor(40) as pool:
        answers = Counter(pool.map(write, range(40)))
    assert answers == {201: 5, 429: 35}
    assert live.count(table, event) == 5


@pytest.mark.parametrize(("place", "seconds"), [("chat", 10), ("questions", 60)])
def test_whoever_writes_too_fast_is_told_when_to_come_again_and_others_are_not_held_up(
    live: Live, inside: Person, path: str, place: str, seconds: int
) -> None:
    for number in range(5):
        _write(live, f"{path}/{place}", inside, f"words {number}")
    refused = live.http.post(f"{path}/{place}", headers=inside.headers, json={"body": "more"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_fast")
    assert refused.headers["retry-after"] == str(seconds)
    other = live.sign_up()
    live.http.post(f"{path}/access/track", headers=other.headers)
    _write(live, f"{path}/{place}", other, "words")
    table = {"chat": "chat_messages"}.get(place, place)
    live.rows(
        f"update {table} set created_at = now() - interval '{seconds} seconds' where user_id = %s returning 1",
        inside.id,
    )
    _write(live, f"{path}/{place}", inside, "later")


def test_a_hidden_message_is_seen_by_administrators_only_until_it_is_shown_again(
    live: Live, admin: Person, inside: Person, path: str
) -> None:
    message = _write(live, f"{path}/chat", inside, HOSTILE)

    def seen(who: Person) -> list[tuple[str, bool]]:
        pages = (f"{path}/chat", f"{path}/live")
        told = [live.http.get(one, headers=who.headers).json()["messages"] for one in pages]
        assert told[0] == told[1]
        return [(one["body"], one["hidden"]) for one in told[0]]

    def hide(hidden: bool) -> None:
        answer = live.http.patch(f"{path}/chat/{message}", headers=admin.headers, json={"hidden": hidden})
        assert (answer.status_code, answer.json()["hidden"]) == (200, hidden)

    assert seen(inside) == seen(admin) == [(HOSTILE, False)]
    hide(True)
    assert (seen(inside), seen(admin)) == ([], [(HOSTILE, True)])
    assert live.http.get(f"{path}/replay", headers=inside.headers).json() == {"replay": []}
    hide(False)
    assert seen(inside) == [(HOSTILE, False)]


def test_a_question_is_answered_and_a_hidden_one_is_seen_by_administrators_only(
    live: Live, admin: Person, inside: Person, path: str
) -> None:
    answered, hidden = (_write(live, f"{path}/questions", inside, body) for body in ("Why?", HOSTILE))
    for question, state in ((answered, "answered"), (hidden, "hidden")):
        judged = live.http.patch(f"{path}/questions/{question}", headers=admin.headers, json={"state": state})
        assert (judged.status_code, judged.json()["state"]) == (200, state)
    seen = {
        who.id: [
            (one["body"], one["state"])
            for one in live.http.get(f"{path}/questions", headers=who.headers).json()["questions"]
        ]
        for who in (inside, admin)
    }
    assert seen[inside.id] == [("Why?", "answered")]
    assert seen[admin.id] == [(HOSTILE, "hidden"), ("Why?", "answered")]


@pytest.mark.parametrize(("place", "body"), [("chat", {"hidden": True}), ("questions", {"state": "hidden"})])
def test_only_administrators_moderate_and_only_what_belongs_to_the_event(
    live: Live, admin: Person, inside: Person, path: str, place: str, body: dict[str, object]
) -> None:
    number = _write(live, f"{path}/{place}", inside, "words")
    for headers, status in (({}, 401), (inside.headers, 403)):
        assert live.http.patch(f"{path}/{place}/{number}", headers=headers, json=body).status_code == status
    other = f"/api/events/{live.new_event()}/{place}/{number}"
    for wrong in (other, f"{path}/{place}/{2**63 - 1}"):
        assert live.http.patch(wrong, headers=admin.headers, json=body).status_code == 404
    for nonsense in ({}, {"hidden": "yes"}, {"state": "gone"}, {"hidden": None, "state": None}):
        answer = live.http.patch(f"{path}/{place}/{number}", headers=admin.headers, json=nonsense)
        assert (answer.status_code, answer.json()["code"]) == (422, "unfit")
    for number_ in ("0", str(2**63), "x"):
        assert live.http.patch(f"{path}/{place}/{number_}", headers=admin.headers, json=body).status_code == 422


def test_a_participant_who_gives_no_sign_of_life_leaves_after_half_a_minute(
    live: Live, admin: Person, inside: Person, path: str
) -> None:
    def there() -> int:
        return int(live.http.get(f"{path}/stats/access", headers=admin.headers).json()["currentParticipants"])

    def last_seen(ago: str) -> None:
        live.rows(
            "update presence set last_seen_at = now() - %s::interval where user_id = %s returning 1", ago, inside.id
        )

    live.http.post(f"{path}/presence/ping", headers=inside.headers)
    assert there() == 1
    last_seen("27 seconds")
    assert there() == 1
    last_seen("30 seconds")
    assert there() == 0
    live.http.post(f"{path}/presence/ping", headers=inside.headers)
    assert there() == 1
