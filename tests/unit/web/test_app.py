"""The routes: what is taken, what is refused with which status, and that nothing that was sent comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from bakewatch.web.app import MAX_BODY, build
from bakewatch.web.desk import Desk
from bakewatch.web.worker import Job, Worker
from tests.unit.web import senders
from tests.unit.web.senders import SECRET, from_github, from_vercel
from tests.unit.web.test_desk import Cases

BOTH = {"github": SECRET, "vercel": SECRET}


class Engine:
    """Runs so many cases, or none can run."""

    def __init__(self, running: int | None = 2) -> None:
        self._running = running

    def running(self) -> int | None:
        return self._running


class Waiting(Worker):
    """Keeps what it is given."""

    def __init__(self, room: int = 64) -> None:
        super().__init__()
        self.jobs: list[Job] = []
        self._left = room

    def give(self, job: Job) -> bool:
        if len(self.jobs) < self._left:
            self.jobs.append(job)
            return True
        return False


class Site:
    """The application, asked without a network."""

    def __init__(self, secrets: Mapping[str, str], room: int = 64, running: int | None = 2) -> None:
        self.worker, self.lines = Waiting(room), list[str]()
        desk = Desk(Cases(), Path("none.toml"), Path("none"), self.worker, self.lines.append)
        self._app = build(Engine(running), desk, secrets)

    def ask(
        self,
        path: str,
        content: bytes | AsyncIterator[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, content=content, headers=headers)

        return asyncio.run(asked())

    def github(self, body: bytes, event: str = "pull_request", **changes: str) -> httpx.Response:
        return self.ask("/webhooks/github", body, {**from_github(body, event), **changes})

    def vercel(self, body: bytes, **changes: str) -> httpx.Response:
        return self.ask("/webhooks/vercel", body, {**from_vercel(body), **changes})


@pytest.fixture
def site() -> Site:
    return Site(BOTH)


def test_health_says_what_runs() -> None:
    told = Site({}).ask("/health", method="GET")
    assert (told.status_code, told.json()["status"], told.json()["running"]) == (200, "ok", 2)
    assert set(told.json()) == {"status", "running", "version"}
    gone = Site({}, running=None).ask("/health", method="GET")
    assert (gone.status_code, gone.headers["content-type"]) == (503, "application/problem+json")


@pytest.mark.parametrize("path", ["/", "/docs", "/health/", "/webhooks/github/", "/webhooks/gitlab", "/openapi.json"])
def test_there_is_no_other_route(site: Site, path: str) -> None:
    for method in ("GET", "POST"):
        told = site.ask(path, method=method)
        assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("sender", ["github", "vercel"])
def test_without_a_secret_there_is_no_webhook(sender: str) -> None:
    other = {name: SECRET for name in BOTH if name != sender}
    body = senders.merged()
    assert Site(other).ask(f"/webhooks/{sender}", body, from_github(body)).status_code == 404


@pytest.mark.parametrize("sender", ["github", "vercel"])
def test_a_webhook_is_posted(site: Site, sender: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert site.ask(f"/webhooks/{sender}", method=method).status_code == 405


@pytest.mark.parametrize("header", ["x-hub-signature-256", "x-vercel-signature"])
def test_what_is_forged_is_refused_before_it_is_read(site: Site, header: str) -> None:
    for body in (senders.merged(), b"\xff{", b""):
        signed = site.github if header == "x-hub-signature-256" else site.vercel
        for forged in ("", "sha256=" + "0" * 64, "0" * 40):
            told = signed(body, **{header: forged, "content-type": "text/html"})
            assert told.status_code == 401
            assert told.json()["detail"] == "the signature is missing or wrong"
    assert (site.worker.jobs, site.lines) == ([], [])


def test_a_body_that_is_too_large_is_not_read_to_its_end(site: Site) -> None:
    pulled = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal pulled
        for _ in range(64):
            pulled += 1
            yield b"x" * 65536

    assert site.ask("/webhooks/github", chunks()).status_code == 413
    assert pulled == 17
    assert site.ask("/webhooks/github", b"", {"content-length": str(MAX_BODY + 1)}).status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (senders.merged(number=-1), 400),
        (senders.merged(number="1; rm"), 400),  # type: ignore[arg-type]
        (senders.merged(repository=None), 400),  # type: ignore[arg-type]
        (senders.merged(pull_request={}), 400),
    ],
)
def test_what_is_malformed_is_one_sentence_without_the_body(site: Site, body: bytes, status: int) -> None:
    for told in (site.github(body), site.vercel(body)):
        assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
        assert told.json()["detail"] == "the body is not an event as its sender documents it"
        assert "hong" not in told.text and SECRET not in told.text
    assert site.worker.jobs == []


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_the_content_must_be_json(site: Site, kind: str) -> None:
    told = site.github(senders.merged(), **{"content-type": kind})
    assert (told.status_code, "application/json" in told.json()["detail"]) == (415, True)
    assert site.vercel(senders.vercel(), **{"content-type": kind}).status_code == 415


@pytest.mark.parametrize("commit", ["--upload-pack=x", "HEAD", "b" * 39, "B" * 40, "b" * 41])
def test_a_commit_is_forty_digits_and_nothing_that_git_would_obey(site: Site, commit: str) -> None:
    assert site.vercel(senders.vercel(commit=commit)).status_code == 400
    assert site.github(senders.deployment_status(commit), "deployment_status").status_code == 400


def test_a_ping_is_answered_and_an_event_must_be_named(site: Site) -> None:
    assert site.github(b'{"zen": "hong@example.com"}', "ping").status_code == 200
    assert site.github(senders.merged(), "").status_code == 400
    assert site.worker.jobs == []


@pytest.mark.parametrize(
    ("event", "body", "why"),
    [
        ("push", b"{", "an event of another kind"),
        ("pull_request", senders.merged(action="opened"), "no merge"),
        ("pull_request", senders.merged(pull_request={"merged": False, "base": {"ref": "main"}}), "no merge"),
        ("deployment_status", senders.deployment_status(environment="Preview"), "not of production"),
    ],
)
def test_an_event_that_says_nothing_is_ignored(site: Site, event: str, body: bytes, why: str) -> None:
    told = site.github(body, event)
    assert (told.status_code, told.json()) == (202, {"status": "ignored"})
    assert site.lines == [f"github: ignored, {why}"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (senders.vercel(), "accepted"),
        (senders.vercel("deployment.promoted", target=None), "accepted"),
        (senders.vercel("deployment.error"), "accepted"),
        (senders.vercel().replace(b"githubCommitSha", b"gitCommitSha"), "accepted"),
        (senders.vercel(commit=""), "ignored"),
        (senders.vercel(target=None), "ignored"),
        (senders.vercel(target="staging"), "ignored"),
        (b'{"id": "1", "type": "deployment.rollback", "payload": {"toDeploymentId": "dpl_1"}}', "ignored"),
        (b'{"id": "1", "type": "deployment.promoted", "payload": {"deployment": {"meta": null}}}', "ignored"),
        (b'{"id": "evt_2", "type": "project.created", "payload": 3}', "ignored"),
        (b'{"id": "1", "type": "deployment.ready", "payload": {"deployment": {}, "target": "production"}}', "ignored"),
    ],
)
def test_an_event_of_vercel_counts_when_it_is_of_production(site: Site, body: bytes, status: str) -> None:
    told = site.vercel(body)
    assert (told.status_code, told.json()) == (202, {"status": status})
    assert len(site.worker.jobs) == (status == "accepted")


def test_a_replayed_delivery_is_taken_once(site: Site) -> None:
    for sent, status in ((site.github, "x"), (site.vercel, "y")):
        body = senders.merged() if status == "x" else senders.vercel()
        assert [sent(body).json()["status"] for _ in range(3)] == ["accepted", "seen", "seen"]
    assert len(site.worker.jobs) == 2
    assert site.github(senders.merged(), **{"x-github-delivery": "2"}).json()["status"] == "accepted"


def test_when_too_many_wait_the_sender_is_told_to_send_again() -> None:
    site = Site(BOTH, room=1)
    assert site.github(senders.merged()).status_code == 202
    full = site.vercel(senders.vercel())
    assert (full.status_code, full.headers["retry-after"]) == (503, "60")
    site.worker.jobs.clear()
    assert site.vercel(senders.vercel()).json()["status"] == "accepted"


def test_the_samples_of_the_senders_are_understood(site: Site) -> None:
    """Only what is asked about later is read: a body with a hundred other keys is as good."""
    body = json.loads(senders.merged())
    more = json.dumps({**body, "sender": {"login": "x"}, "pull_request": {**body["pull_request"], "body": "가" * 999}})
    assert site.github(more.encode()).status_code == 202
