"""Requests to a vendor's API: limits are obeyed, the token stays where it belongs, nothing is tried again here."""

import json
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bakewatch import api as module
from bakewatch.api import Api
from bakewatch.errors import ConfigError, HostingError
from tests.contract.loopback import Answer, Asked, serving

NOW = datetime(2026, 2, 7, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
TOKEN = "tok-5f1d7"


@dataclass
class Clock:
    """A clock that only moves when it is told to, and what was waited for."""

    now: datetime = NOW
    paused: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.now += timedelta(seconds=seconds)


def _api(url: str, clock: Clock, **options: object) -> Api:
    return Api(url, token=TOKEN, error=HostingError, clock=clock, pause=clock.wait, **options)  # type: ignore[arg-type]


def _json(status: int, body: object = None, **headers: str) -> Answer:
    raw = b"" if body is None else json.dumps(body).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, raw


def _code(ask: Callable[[], object]) -> tuple[str, bool]:
    with pytest.raises(HostingError) as error:
        ask()
    return error.value.code, error.value.permanent


def test_what_is_asked_carries_the_token_in_its_header_only() -> None:
    with serving(lambda asked: _json(200, {"a": [1]}, link='<x>; rel="next"')) as server:
        api = _api(server.url + "/", Clock())
        got = api.get("/v1/things", {"limit": 5})
        api.send("POST", "/v1/things", {"b": 2})
    assert (got.status, got.body, got.link) == (200, {"a": [1]}, '<x>; rel="next"')
    first, second = server.asked
    assert (first.method, first.path, first.headers["authorization"]) == (
        "GET",
        "/v1/things?limit=5",
        f"Bearer {TOKEN}",
    )
    assert (second.body, second.headers["content-type"]) == (b'{"b":2}', "application/json")
    assert "content-type" not in first.headers
    assert not any(TOKEN in one.path for one in server.asked)
    assert dict(api.sent) == {"GET 200": 1, "POST 200": 1}


@pytest.mark.parametrize(
    ("answer", "code", "permanent"),
    [
        (_json(400), "refused", True),
        (_json(401), "unauthorized", True),
        (_json(402), "payment_required", True),
        (_json(403, {"error": {"code": "forbidden", "message": "Not authorized"}}), "forbidden", True),
        (_json(404), "not_found", True),
        (_json(409), "conflict", True),
        (_json(410), "gone", True),
        (_json(422), "refused", True),
        (_json(500), "status_500", False),
        (_json(503), "status_503", False),
        (_json(304), "malformed", False),
        ((200, {}, b"<html>"), "malformed", False),
        ((200, {}, b'"\xff"'), "malformed", False),
        ((200, {}, b"[" * 60_000), "malformed", False),
        ((200, {"content-type": "application/stream+json"}, b'{"a":1}\n<'), "malformed", False),
    ],
)
def test_trouble_has_a_code_and_says_whether_trying_again_can_help(answer: Answer, code: str, permanent: bool) -> None:
    with serving(lambda asked: answer) as server:
        assert _code(lambda: _api(server.url, Clock()).get("/")) == (code, permanent)


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Sat, 07 Feb 2026 00:02:09 GMT", NOW + timedelta(seconds=129)),
        ("Sat, 07 Feb 2026 09:00:00 +0900", NOW),
        ("just now", None),
    ],
)
def test_an_answer_says_what_time_it_was_there(date: str, at: datetime | None) -> None:
    def dated(asked: Asked) -> Answer:
        return _json(200, {}, date=date)

    with serving(dated, dated=False) as server:
        assert _api(server.url, Clock()).get("/").at == at


def test_an_answer_in_lines_is_read_as_a_list() -> None:
    lines = (200, {"content-type": "application/stream+json; charset=utf-8"}, b'{"a":1}\n{"a":2}\n')
    with serving(lambda asked: lines) as server:
        assert _api(server.url, Clock()).get("/").body == [{"a": 1}, {"a": 2}]


def test_no_answer_is_unreachable_and_a_late_one_a_timeout() -> None:
    with serving(lambda asked: _json(200)) as server:
        url = server.url
    assert _code(lambda: _api(url, Clock()).get("/")) == ("unreachable", False)

    def late(asked: Asked) -> Answer:
        import time

        time.sleep(0.3)
        return _json(200)

    with serving(late) as server:
        assert _code(lambda: _api(server.url, Clock(), timeout=0.05).get("/")) == ("timeout", False)


def test_a_redirect_is_never_followed() -> None:
    with serving(lambda asked: _json(200)) as elsewhere:
        with serving(lambda asked: _json(307, location=elsewhere.url + "/")) as server:
            api = _api(server.url, Clock())
            assert _code(lambda: api.get("/")) == ("redirected", True)
            assert _code(lambda: api.send("POST", "/")) == ("redirected", True)
        assert elsewhere.asked == []


def test_a_body_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BODY", 1000)
    with serving(lambda asked: (200, {}, b" " * 1001)) as server:
        assert _code(lambda: _api(server.url, Clock()).get("/")) == ("malformed", False)
    with serving(lambda asked: (200, {}, b" " * 1000)) as server:
        assert _api(server.url, Clock()).get("/").body is None


TOLD = {"error": {"code": "rate_limited", "message": "…", "limit": {"remaining": 0, "reset": EPOCH + 20, "total": 6}}}


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        pytest.param(_json(429, retry_after="7"), 7, id="in seconds"),
        pytest.param(_json(429, retry_after="Sat, 07 Feb 2026 00:00:09 GMT"), 9, id="as a date"),
        pytest.param(_json(429, retry_after="Sat, 07 Feb 2026 00:00:09 -0000"), 9, id="as a date without a zone"),
        pytest.param(_json(503, retry_after="30"), 30, id="a 503 that says when"),
        pytest.param(_json(429, TOLD), 20, id="in the body"),
        pytest.param(_json(429, TOLD, retry_after="5"), 5, id="the header before the body"),
        pytest.param(_json(403, retry_after="60"), 60, id="a 403 that says when"),
        pytest.param(
            _json(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(EPOCH + 90)), 90, id="a 403 with nothing left"
        ),
        pytest.param(
            _json(429, x_ratelimit_remaining="4", x_ratelimit_reset=str(EPOCH + 9000)), 60, id="another limit than that"
        ),
        pytest.param(
            _json(403, {"message": "You have exceeded a secondary rate limit."}), 60, id="a 403 that only says so"
        ),
        pytest.param(_json(429, retry_after="²"), 60, id="no number"),
        pytest.param(_json(429, retry_after="soon"), 60, id="no date"),
        pytest.param(_json(429, retry_after="Sat, 07 Feb 99999999999999 00:00:09 GMT"), 60, id="no year"),
        pytest.param(_json(429, {"error": {"limit": {"reset": 1e300}}}), 60, id="no time"),
        pytest.param(_json(429, retry_after="999999999999"), 86400, id="never"),
        pytest.param(_json(429), 60, id="no word"),
    ],
)
def test_a_limit_lasts_as_long_as_it_says_and_nothing_is_sent_before(answer: Answer, seconds: int) -> None:
    clock = Clock()
    with serving(lambda asked: answer if len(server.asked) == 1 else _json(200, {})) as server:
        api = _api(server.url, clock)
        assert _code(lambda: api.get("/")) == ("rate_limited", False)
        clock.now += timedelta(seconds=seconds - 0.5)
        assert _code(lambda: api.get("/other")) == ("rate_limited", False)
        assert _code(lambda: api.send("POST", "/")) == ("rate_limited", False)
        assert len(server.asked) == 1
        clock.now += timedelta(seconds=0.5)
        assert api.get("/").status == 200


def test_a_limit_that_does_not_say_when_it_ends_is_taken_to_last_twice_as_long_every_time() -> None:
    clock, sent = Clock(), list[datetime]()

    def answer(asked: Asked) -> Answer:
        sent.append(clock.now)
        return _json(200 if len(sent) == 7 else 429)

    with serving(answer) as server:
        api = _api(server.url, clock)
        while len(sent) < 9:
            with suppress(HostingError):
                api.get("/")
            clock.now += timedelta(seconds=30)
    waited = [(later - earlier).total_seconds() for earlier, later in pairwise(sent)]
    assert waited == [60, 120, 240, 480, 900, 900, 30, 60]


def test_what_has_not_changed_is_not_sent_again() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"1"':
            return _json(304)
        return _json(200, {"path": asked.path}, etag='"1"')

    with serving(answer) as server:
        api = _api(server.url, Clock())
        assert [api.get("/a", {"x": one}).body["path"] for one in (1, 1, 2)] == ["/a?x=1", "/a?x=1", "/a?x=2"]
    assert dict(api.sent) == {"GET 200": 2, "GET 304": 1}
    assert "if-none-match" not in server.asked[2].headers


def test_only_so_many_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    with serving(lambda asked: _json(200, {}, etag='"1"')) as server:
        api = _api(server.url, Clock())
        for path in ("/a", "/b", "/a", "/c", "/b", "/c"):
            api.get(path)
    assert ["if-none-match" in one.headers for one in server.asked] == [False, False, True, False, False, True]


def test_a_tag_that_no_header_can_carry_is_not_sent_back() -> None:
    with serving(lambda asked: _json(200, {"n": len(server.asked)}, etag='"caf\xe9"')) as server:
        api = _api(server.url, Clock())
        assert [api.get("/").body["n"] for _ in range(2)] == [1, 2]


def test_changes_keep_their_distance_and_reading_does_not() -> None:
    clock = Clock()
    with serving(lambda asked: _json(201 if asked.path != "/no" else 500)) as server:
        api = _api(server.url, clock, spacing=1.0)
        api.send("POST", "/a")
        api.get("/")
        clock.now += timedelta(seconds=0.25)
        api.get("/")
        assert _code(lambda: api.send("POST", "/no")) == ("status_500", False)
        api.send("POST", "/b")
        clock.now += timedelta(seconds=5)
        api.send("POST", "/c")
    assert clock.paused == [0.75, 1.0, 0.0]


def test_the_token_shows_up_nowhere() -> None:
    with serving(lambda asked: _json(401, {"message": asked.headers["authorization"]})) as server:
        api = _api(server.url, Clock())
        with pytest.raises(HostingError) as error:
            api.get("/")
    assert TOKEN not in repr(api) + repr(error.value) + "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("token", ["", "a b", "abc\n", "ключ"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(ConfigError) as error:
        Api("https://api.example", token=token, error=HostingError, clock=Clock())
    assert not token or token.strip() not in str(error.value)


def test_only_https_and_loopback_are_asked() -> None:
    with pytest.raises(ConfigError, match="is not https"):
        _api("http://api.example", Clock())


@pytest.mark.parametrize("base", ["https://api.example?to=", "https://api.example#", "https://api.example/v3?"])
def test_a_base_that_would_swallow_the_path_is_refused(base: str) -> None:
    with pytest.raises(ConfigError, match="goes on after its path"):
        _api(base, Clock())


def test_a_base_may_have_a_path() -> None:
    with serving(lambda asked: _json(200, {})) as server:
        _api(server.url + "/api/v3/", Clock()).get("/user")
    assert server.asked[0].path == "/api/v3/user"


def test_a_text_is_read_as_it_is_and_the_token_may_be_presented_otherwise() -> None:
    with serving(lambda asked: (200, {"content-type": "text/plain; charset=utf-8"}, "x 1 é\n".encode())) as server:
        assert _api(server.url, Clock(), scheme="Basic", headers={"accept": "text/plain"}).text("/m") == "x 1 é\n"
    (asked,) = server.asked
    assert (asked.headers["authorization"], asked.headers["accept"]) == (f"Basic {TOKEN}", "text/plain")


@pytest.mark.parametrize(("raw", "kind"), [(b"\xff\xfe", "text/plain; charset=utf-8"), (b"x", "text/plain; charset=?")])
def test_a_text_in_no_known_letters_is_malformed_or_taken_for_utf_8(raw: bytes, kind: str) -> None:
    with serving(lambda asked: (200, {"content-type": kind}, raw)) as server:
        api = _api(server.url, Clock())
        if raw == b"x":
            assert api.text("/m") == "x"
        else:
            assert _code(lambda: api.text("/m")) == ("malformed", False)


@pytest.mark.parametrize(("reset", "seconds"), [(str(EPOCH + 42), 42), ("42", 42), ("0", 1)])
def test_a_reset_is_a_moment_or_so_many_seconds_from_now(reset: str, seconds: int) -> None:
    clock = Clock()
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    with serving(lambda asked: (429, headers, b"")) as server:
        api = _api(server.url, clock)
        for wait, sent in ((0, 1), (seconds - 1, 1), (1, 2)):
            clock.now += timedelta(seconds=wait)
            assert _code(lambda: api.get("/x"))[0] == "rate_limited"
            assert len(server.asked) == sent
