"""Vercel's log drain: what it delivers is masked as it comes in, and kept as files that the source `chdb` follows.

No line is stored as it was sent. A file holds what came on one day (UTC).
"""

import asyncio
import os
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bakewatch.vendors.clickhouse.actors import actor_key
from bakewatch.vendors.clickhouse.load import Cleaner
from bakewatch.vendors.vercel.drain import UNREADABLE, Malformed, lines
from bakewatch.web.bodies import UNSIGNED, read, too_large
from bakewatch.web.signature import signed_by_vercel

MAX_SENT = 8 * 1024 * 1024
"""Bytes of a delivery that are read,"""
MAX_BODY = 32 * 1024 * 1024
"""and of what it is when it is unpacked."""
KEPT = timedelta(days=8)
"""So long lines are kept: a week is what habits are learnt from."""

ACTOR = "requestId"
"""Nobody is signed in at Vercel: a request is what acts."""


class Drain:
    """Takes deliveries that are signed with *secret*, and keeps them in *folder*; *key* makes a request a hash."""

    def __init__(self, secret: str, folder: Path, key: bytes, clock: Callable[[], datetime]) -> None:
        self._secret, self._folder, self._clock = secret, folder, clock
        self._cleaner = Cleaner((ACTOR,), key)
        self._lock = threading.Lock()
        self._day = ""

    async def take(self, request: Request) -> Response:
        """Answer one delivery, once it is kept. What cannot be kept now, the sender is asked to send again."""
        sent = await read(request, MAX_SENT)
        # Whoever signs nothing may have much unpacked: meanwhile the others are answered.
        body = await asyncio.to_thread(self._checked, sent, request)
        try:
            kept = await asyncio.to_thread(self.keep, body)
        except Malformed:
            raise HTTPException(400, "the body is no delivery of a log drain") from None
        except OSError:
            raise HTTPException(503, "it cannot be kept now; send it again", {"retry-after": "60"}) from None
        return Response(msgspec.json.encode({"status": "kept", "lines": kept}), media_type="application/json")

    def keep(self, body: bytes) -> int:
        """Keep the entries in *body*, masked; how many there were. Raises `Malformed` or `OSError`."""
        found = lines(body)
        with self._lock:
            rows = [self._cleaner.row(line) for line in found]
            text = b"".join((msgspec.json.encode(row) if row else UNREADABLE) + b"\n" for row in rows)
            if text:
                self._append(text)
        return len(found)

    def _checked(self, sent: bytes, request: Request) -> bytes:
        """What was sent, unpacked. Whether a signature is that of the packed bytes is told nowhere: either will do."""
        header = request.headers.get("x-vercel-signature", "")
        signed = signed_by_vercel(sent, header, self._secret)
        packing = request.headers.get("content-encoding", "").strip().lower()
        if not packing or packing == "identity":
            if not signed:
                raise UNSIGNED
            return sent
        try:
            body = _unpacked(sent, packing)
        except HTTPException as refused:
            raise (refused if signed else UNSIGNED) from None
        if not signed and not signed_by_vercel(body, header, self._secret):
            raise UNSIGNED
        return body

    def _append(self, text: bytes) -> None:
        day = self._clock().date()
        if day.isoformat() != self._day or not self._folder.is_dir():
            self._begin(day.isoformat(), (day - KEPT).isoformat())
        path = self._folder / f"{self._day}.ndjson"
        with path.open("ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                # A process that died in a line must not spoil the next one.
                text = text if file.read(1) == b"\n" else b"\n" + text
            try:
                while text:
                    text = text[file.write(text) :]
            except OSError:
                with suppress(OSError):
                    file.truncate(size)
                raise

    def _begin(self, day: str, last: str) -> None:
        """Begin a *day*: what is older than the *last* one that is kept goes."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.glob("*.ndjson"):
            if path.stem < last:
                path.unlink(missing_ok=True)
        self._day = day


def at(data: Path, secret: str, clock: Callable[[], datetime]) -> Drain:
    """The drain of the data directory *data*."""
    return Drain(secret, data / "drains" / "vercel", actor_key(data), clock)


def _unpacked(sent: bytes, packing: str) -> bytes:
    if packing != "gzip":
        raise HTTPException(415, "the content encoding must be gzip, or none")
    packed = zlib.decompressobj(wbits=31)
    try:
        body = packed.decompress(sent, MAX_BODY + 1)
    except zlib.error:
        raise HTTPException(400, "the body is not packed as its header says") from None
    if len(body) > MAX_BODY:
        raise too_large(MAX_BODY)
    if not packed.eof:
        raise HTTPException(400, "the body ended too early")
    return body
