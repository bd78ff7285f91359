"""The log drain: signed or refused, masked before it is kept, a file a day, and no entry lost without a trace."""

import asyncio
import gzip
import hmac
import json
import shutil
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any

import httpx
import pytest

from bakewatch.web import drain as module
from bakewatch.web.app import build
from bakewatch.web.desk import Desk
from bakewatch.web.drain import KEPT, Drain
from tests.unit.web.senders import SECRET
from tests.unit.web.test_app import Engine, Waiting
from tests.unit.web.test_desk import Cases

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)


def entry(**changes: Any) -> dict[str, Any]:
    """An entry as Vercel documents it."""
    proxy = {
        "timestamp": 1770464000000,
        "method": "GET",
        "scheme": "https",
        "host": "shop.example",
        "path": "/orders/6f1d1c1e-0000-4000-8000-000000000001?mail=kim@example.com",
        "userAgent": ["Mozilla/5.0 (X11; Linux x86_64)"],
        "referer": "https://shop.example/cart?coupon=kim",
        "statusCode": 500,
        "clientIp": "203.0.113.7",
        "region": "icn1",
    }
    told = {
        "id": "1573817187330377061717300000",
        "deploymentId": "dpl_1",
        "source": "lambda",
        "host": "shop-1.vercel.app",
        "timestamp": 1770464000123,
        "projectId": "prj_1",
        "level": "error",
        "message": "TypeError: no order of kim@example.com, card 4111 1111 1111 1111",
        "statusCode": -1,
        "requestId": "643af4e3-975a-4cc7-9e7a-1eda11539d90",
        "environment": "production",
        "proxy": proxy,
    }
    return {**told, **changes}


class Site:
    """The application with a drain, asked without a network."""

    def __init__(self, folder: Path) -> None:
        self.now, self.folder = NOON, folder
        self.drain = Drain(SECRET, folder, b"k" * 32, lambda: self.now)
        self._app = build(Engine(), Desk(Cases(), Path("no"), Path("no"), Waiting(), lambda line: None), {}, self.drain)

    def post(
        self, body: bytes, headers: Mapping[str, str] | None = None, *, signed: bytes | None = None
    ) -> httpx.Response:
        """Send *body*, signed as if it were *signed*."""
        signature = hmac.new(SECRET.encode(), body if signed is None else signed, sha1).hexdigest()
        told = {"content-type": "application/json", "x-vercel-signature": signature, **(headers or {})}

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.post("/drains/vercel", content=body, headers=told)

        return asyncio.run(asked())

    def files(self) -> dict[str, list[dict[str, Any]]]:
        """What is kept."""
        return {
            path.name: [json.loads(line) for line in path.read_text().splitlines()]
            for path in sorted(self.folder.glob("*"))
        }


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "drains")


def test_an_entry_is_kept_as_a_line_that_the_source_can_read(site: Site) -> None:
    told = site.post(json.dumps([entry()]).encode())
    assert (told.status_code, told.json()) == (200, {"status": "kept", "lines": 1})
    ((name, (line,)),) = site.files().items()
    assert name == "2026-02-07.ndjson"
    assert (line["source"], line["severity_text"]) == ("vercel_logs", "ERROR")
    assert line["timestamp"] == "2026-02-07 11:33:20.123000"
    kept = line["log_attributes"]
    assert {"statusCode": "-1", "proxy.statusCode": "500", "source": "lambda", "level": "error"}.items() <= kept.items()
    assert (kept["proxy.path"], kept["proxy.referer"]) == ("/orders/[id]", "https://shop.example/cart")
    assert line["event_message"].startswith("TypeError: no order of [email]")


def test_nothing_of_a_person_is_on_the_disk(site: Site) -> None:
    site.post(json.dumps([entry()]).encode())
    raw = next(site.folder.glob("*")).read_text()
    for secret in ("kim", "203.0.113", "4111", "Mozilla", "coupon=", "643af4e3", "clientIp"):
        assert secret not in raw


def test_of_agents_only_our_own_is_kept(site: Site) -> None:
    ours = entry(proxy={"path": "/bakewatch", "userAgent": ["bakewatch"], "statusCode": 404})
    site.post(json.dumps([ours, entry()]).encode())
    ((_, lines),) = site.files().items()
    assert [line["log_attributes"].get("proxy.userAgent") for line in lines] == ["bakewatch", None]


def test_the_lines_of_one_request_are_known_to_be_of_one(site: Site) -> None:
    site.post(json.dumps([entry(id="a"), entry(id="b"), entry(id="c", requestId="other")]).encode())
    ((_, lines),) = site.files().items()
    first, second, third = (line["log_attributes"]["requestId"] for line in lines)
    assert first == second != third and len(first) == 32


def test_lines_may_come_as_an_array_or_each_by_itself_packed_or_not(site: Site) -> None:
    two = b"\n".join(json.dumps(entry(id=str(number))).encode() for number in range(2)) + b"\n"
    packed = gzip.compress(two, mtime=0)
    assert site.post(two, {"content-type": "application/x-ndjson"}).json()["lines"] == 2
    assert site.post(packed, {"content-encoding": "gzip"}).json()["lines"] == 2
    assert site.post(packed, {"content-encoding": "gzip"}, signed=two).json()["lines"] == 2
    assert site.post(b"[]").json()["lines"] == 0
    assert len(site.files()["2026-02-07.ndjson"]) == 6


@pytest.mark.parametrize("packing", ["", "gzip", "br"])
def test_what_is_not_signed_is_not_kept(site: Site, packing: str) -> None:
    body = gzip.compress(json.dumps([entry()]).encode()) if packing == "gzip" else b"\xff["
    headers = {"content-encoding": packing} if packing else {}
    for forged in ("", "0" * 40):
        told = site.post(body, {**headers, "x-vercel-signature": forged})
        assert (told.status_code, told.json()["detail"]) == (401, "the signature is missing or wrong")
    assert not site.folder.exists()


@pytest.mark.parametrize(
    ("body", "packing", "status"),
    [
        (b"no json", "", 400),
        (b"\xff\xfe", "", 400),
        (b'"kim"', "", 400),
        (b"[" * 100_000, "", 400),
        (b"[1, 2", "", 400),
        (b"not packed", "gzip", 400),
        (gzip.compress(b"[]" * 9, mtime=0)[:-4], "gzip", 400),
        (b"[]", "br", 415),
    ],
)
def test_what_is_no_delivery_is_refused_in_one_sentence(site: Site, body: bytes, packing: str, status: int) -> None:
    told = site.post(body, {"content-encoding": packing} if packing else {})
    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
    assert "kim" not in told.text
    assert not site.folder.exists()


def test_what_is_too_large_is_refused_however_small_it_is_packed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BODY", 10_000)
    assert site.post(gzip.compress(b" " * 10_001, mtime=0), {"content-encoding": "gzip"}).status_code == 413
    assert site.post(b"", {"content-length": str(module.MAX_SENT + 1)}).status_code == 413


def test_what_nobody_signed_is_not_unpacked_where_the_others_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    where, real = list[int](), module._unpacked

    def unpacked(sent: bytes, packing: str) -> bytes:
        where.append(threading.get_ident())
        return real(sent, packing)

    monkeypatch.setattr(module, "_unpacked", unpacked)
    told = site.post(gzip.compress(b" " * 10_000), {"content-encoding": "gzip", "x-vercel-signature": "0" * 40})
    assert told.status_code == 401 and len(where) == 1 and where[0] != threading.get_ident()


def test_an_entry_that_cannot_be_read_leaves_a_line_that_cannot_be_read_either(site: Site) -> None:
    """Whoever follows the file must not take its silence for health."""
    site.post(json.dumps([entry(), {"id": "x"}, 3, entry(timestamp="soon")]).encode())
    site.post(json.dumps(entry()).encode() + b"\n{broken\n")
    assert [bool(line) for line in site.files()["2026-02-07.ndjson"]] == [True, False, False, False, True, False]


@pytest.mark.parametrize("odd", [b"cut \\ud83d", b"\\udc00 cut", b"\xff\xfe", b"a\x01b", b"\\ud83d\\ude00"])
def test_a_character_that_is_none_loses_no_delivery(site: Site, odd: bytes) -> None:
    """What a function prints, anybody may have put into its mouth."""
    body = json.dumps([entry(message="ODD"), entry()]).encode().replace(b"ODD", odd)
    assert site.post(body).json() == {"status": "kept", "lines": 2}
    assert [bool(line) for line in site.files()["2026-02-07.ndjson"]] == [True, True]


def test_a_folder_that_was_taken_away_is_made_again(site: Site) -> None:
    body = json.dumps([entry()]).encode()
    site.post(body)
    shutil.rmtree(site.folder)
    assert site.post(body).status_code == 200 and len(site.files()["2026-02-07.ndjson"]) == 1


def test_each_day_has_its_file_and_the_oldest_go(site: Site) -> None:
    body = json.dumps([entry()]).encode()
    for day in range(KEPT.days + 3):
        site.now = NOON + timedelta(days=day)
        site.post(body)
    assert list(site.files()) == [f"2026-02-{day:02}.ndjson" for day in range(9, 18)]


def test_a_line_that_was_cut_off_spoils_no_other(site: Site) -> None:
    site.folder.mkdir()
    (site.folder / "2026-02-07.ndjson").write_bytes(b'{"id": "1", "times')
    site.post(json.dumps([entry()]).encode())
    first, second = (site.folder / "2026-02-07.ndjson").read_bytes().splitlines()
    assert first == b'{"id": "1", "times' and json.loads(second)["source"] == "vercel_logs"


def test_what_cannot_be_kept_is_asked_for_again(site: Site) -> None:
    site.folder.write_text("a file where the folder should be")
    told = site.post(json.dumps([entry()]).encode())
    assert (told.status_code, told.headers["retry-after"]) == (503, "60")


def test_without_a_secret_there_is_no_drain() -> None:
    app = build(Engine(), Desk(Cases(), Path("no"), Path("no"), Waiting(), lambda line: None), {})
    assert [route.path for route in app.routes] == ["/health"]  # type: ignore[attr-defined]
