"""Chat and questions as they happen, over real sockets; and a service that stops."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from live_rig import SECRET, Live, Person, eventually
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from live_event import sockets
from live_event.realtime import BEHIND, Change, Hub
from live_event.tokens import access_token

pytestmark = pytest.mark.real


@contextmanager
def _connected(address: str, path: str) -> Iterator[ClientConnection]:
    with connect(f"{address.replace('http', 'ws')}{path}/socket", proxy=None) as opened:
        yield opened


def _said(opened: ClientConnection) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(opened.recv(timeout=10))
    return told


@contextmanager
def _listening(live: Live, path: str, who: Person) -> Iterator[ClientConnection]:
    with _connected(str(live.http.base_url), path) as opened:
        opened.send(json.dumps({"access_token": who.access}))
        assert _said(opened) == {"kind": "ready"}
        yield opened


def _farewell(opened: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as bye:
        opened.recv(timeout=10)
    assert bye.value.rcvd
    return bye.value.rcvd.code


def _enter(live: Live, path: str, who: Person) -> None:
    assert live.http.post(f"{path}/access/track", headers=who.headers).status_code == 200


def _write(live: Live, path: str, who: Person, body: str) -> dict[str, Any]:
    told: dict[str, Any] = live.http.post(path, headers=who.headers, json={"body": body}).json()
    return told


def test_what_somebody_writes_is_told_to_everybody_who_listens_and_to_no_other_event(
    live: Live, somebody: Person, path: str
) -> None:
    _enter(live, path, somebody)
    other = f"/api/events/{live.new_event()}"
    _enter(live, other, somebody)
    reader = live.sign_up()
    with _listening(live, path, somebody) as own, _listening(live, path, reader) as others:
        _write(live, f"{other}/chat", somebody, "elsewhere")
        message = _write(live, f"{path}/chat", somebody, "안녕 <b>")
        question = _write(live, f"{path}/questions", somebody, "Why?")
        assert _said(own)["message"] == message
        assert _said(own) == {"kind": "question", "question": question}
        assert _said(others)["message"] == message | {"mine": False}
        assert _said(others)["question"] == question | {"mine": False}


def test_what_is_hidden_goes_from_everybody_but_administrators(
    live: Live, admin: Person, somebody: Person, path: str
) -> None:
    _enter(live, path, somebody)
    message = _write(live, f"{path}/chat", somebody, "words")["id"]
    question = _write(live, f"{path}/questions", somebody, "words")["id"]
    with _listening(live, path, somebody) as member, _listening(live, path, admin) as judge:
        live.http.patch(f"{path}/chat/{message}", headers=admin.headers, json={"hidden": True})
        live.http.patch(f"{path}/questions/{question}", headers=admin.headers, json={"state": "hidden"})
        assert _said(member) == {"kind": "gone", "what": "message", "id": message}
        assert _said(member) == {"kind": "gone", "what": "question", "id": question}
        assert _said(judge)["message"]["hidden"] is True
        assert _said(judge)["question"]["state"] == "hidden"


@pytest.mark.parametrize("greeting", ["nothing", "[]", "{}", '{"access_token": "x"}', '{"access_token": 5}', b"\xff"])
def test_whoever_does_not_say_who_it_is_hears_nothing(live: Live, path: str, greeting: str | bytes) -> None:
    with _connected(str(live.http.base_url), path) as opened:
        opened.send(greeting)
        assert _farewell(opened) == 4401


def test_whoever_says_nothing_is_let_go(live: Live, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "GREETS_WITHIN", 0.05)
    with _connected(str(live.http.base_url), path) as opened:
        assert _farewell(opened) == 4401


def test_a_closed_event_and_one_that_is_not_there_are_told_apart(live: Live, somebody: Person) -> None:
    closed = f"/api/events/{live.new_event(policy='closed')}"
    for path, code in ((closed, 4403), ("/api/events/last-year", 4404), ("/api/events/%00", 4404)):
        with _connected(str(live.http.base_url), path) as opened:
            opened.send(json.dumps({"access_token": somebody.access}))
            assert _farewell(opened) == code


def test_a_socket_ends_with_its_token(live: Live, somebody: Person, path: str) -> None:
    token = access_token(
        SECRET, time.time() - 3599, user=somebody.id, email=somebody.email, role="member", session=somebody.id
    )
    with _connected(str(live.http.base_url), path) as opened:
        opened.send(json.dumps({"access_token": token}))
        assert _said(opened) == {"kind": "ready"}
        assert _farewell(opened) == 4401


def test_when_the_database_cannot_be_followed_listeners_come_again(live: Live, somebody: Person, path: str) -> None:
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'live_event hub' and query ~ 'LISTEN'"
    )
    with _listening(live, path, somebody) as opened:
        live.rows(kill)
        assert _farewell(opened) == 1013

    def heard() -> bool | None:
        try:
            with _listening(live, path, somebody):
                return True
        except ConnectionClosed:
            return None

    eventually(heard)


def test_a_listener_who_falls_behind_is_dismissed_and_others_are_not() -> None:
    async def fall_behind() -> tuple[list[Change | None], list[Change | None]]:
        hub = Hub("")
        hub._following = True
        with hub.listening("e") as slow, hub.listening("e") as fast:
            heard: list[Change | None] = []
            for number in range(BEHIND + 10):
                hub._hand_on(Change("chat_messages", {"event_id": "e", "id": number}))
                heard.append(fast.get_nowait())
            return [slow.get_nowait() for _ in range(slow.qsize())], heard

    slow, fast = asyncio.run(fall_behind())
    assert (len(slow), slow[-1]) == (BEHIND + 1, None)
    assert len(fast) == BEHIND + 10 and None not in fast


@pytest.fixture
def process(live: Live) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server of its own, as the platform starts it."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    argv = [sys.executable, "-m", "live_event.server", f"--fd={listener.fileno()}"]
    server = subprocess.Popen(argv, pass_fds=[listener.fileno()], env=dict(os.environ))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()

    def healthy() -> bool | None:
        try:
            return httpx.get(f"{address}/health", trust_env=False).is_success or None
        except httpx.TransportError:
            return None

    eventually(healthy, 20)
    yield server, address
    server.kill()
    server.wait()


def test_a_server_that_is_told_to_stop_ends_what_it_began_and_sends_listeners_on(
    live: Live, somebody: Person, path: str, process: tuple[subprocess.Popen[bytes], str]
) -> None:
    server, address = process
    with _connected(address, path) as opened, httpx.Client(base_url=address, trust_env=False, timeout=20) as client:
        opened.send(json.dumps({"access_token": somebody.access}))
        assert _said(opened) == {"kind": "ready"}
        locked = "BEGIN; LOCK TABLE access_log IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1); COMMIT"
        owner = subprocess.Popen(
            [sys.executable, "-c", f"import psycopg;psycopg.connect({live.database.url!r}).execute({locked!r})"]
        )
        held = "select 1 from pg_locks where relation = 'access_log'::regclass and mode = 'AccessExclusiveLock'"
        eventually(lambda: live.rows(held) or None)
        with ThreadPoolExecutor(1) as pool:
            entering = pool.submit(client.post, f"{path}/access/track", headers=somebody.headers)
            eventually(lambda: live.rows("select 1 from pg_stat_activity where wait_event_type = 'Lock'") or None)
            server.send_signal(signal.SIGTERM)
            assert _farewell(opened) == 1012
            assert entering.result().status_code == 200
        assert server.wait(10) in {0, -signal.SIGTERM}
        owner.wait(10)
