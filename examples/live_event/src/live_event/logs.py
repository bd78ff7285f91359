"""The three log streams: how a line looks, and how it is appended.

One JSON object per line: `id`, `timestamp` (UTC, without a Z), `source`, `event_message`, `severity_text` and
`log_attributes`, a flat object whose values are all strings.
"""

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EDGE, AUTH, POSTGRES = "edge_logs", "auth_logs", "postgres_logs"
STREAMS = (EDGE, AUTH, POSTGRES)
HOST = "live-event.example"

Line = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who makes a request, as far as the logs know."""

    ip: str = "127.0.0.1"
    agent: str = ""
    tag: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Call:
    """One call of the data layer or of auth, as the edge sees it."""

    method: str
    path: str
    search: str
    status: int
    milliseconds: float
    caller: Caller = field(default_factory=Caller)


def line(source: str, at: datetime, message: str, severity: str, attributes: Mapping[str, str]) -> Line:
    """A line of any stream."""
    return {
        "id": str(uuid.uuid4()),
        "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "source": source,
        "event_message": message,
        "severity_text": severity,
        "log_attributes": dict(attributes),
    }


def _headers(caller: Caller) -> dict[str, str]:
    return {"request.headers.x_bakewatch": caller.tag} if caller.tag else {}


def edge_line(at: datetime, call: Call) -> Line:
    """What the edge says of one call."""
    caller = call.caller
    ray = f"{uuid.uuid4().hex[:16]}-ICN"
    url = f"https://{HOST}{call.path}{call.search}"
    attributes = {
        "request.method": call.method,
        "request.host": HOST,
        "request.path": call.path,
        "request.search": call.search,
        "request.url": url,
        "request.headers.cf_connecting_ip": caller.ip,
        "request.headers.cf_ray": ray,
        "request.headers.user_agent": caller.agent,
        "response.status_code": str(call.status),
        "response.origin_time": f"{call.milliseconds:.1f}",
        **_headers(caller),
    }
    if caller.user:
        attributes["request.sb.auth_user"] = caller.user
    message = f"{call.method} | {call.status} | {caller.ip} | {ray} | {url} | {caller.agent}"
    return line(EDGE, at, message, "INFO", attributes)


def auth_line(at: datetime, call: Call, *, grant_type: str = "", error_code: str = "", error: str = "") -> Line:
    """What the auth service says of one request: a JSON line as the message, the same fields as attributes."""
    level = "error" if call.status >= 500 else "warning" if call.status >= 400 else "info"
    fields: dict[str, Any] = {
        "component": "api",
        "duration": round(call.milliseconds * 1e6),
        "level": level,
        "method": call.method,
        "msg": "request completed",
        "path": call.path.removeprefix("/auth/v1"),
        "referer": "",
        "remote_addr": call.caller.ip,
        "request_id": uuid.uuid4().hex,
        "status": call.status,
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    fields |= {k: v for k, v in (("grant_type", grant_type), ("error_code", error_code), ("error", error)) if v}
    attributes = {key: str(value) for key, value in fields.items()} | _headers(call.caller)
    return line(AUTH, at, json.dumps(fields, ensure_ascii=False), level.upper(), attributes)


def encode(record: Line) -> bytes:
    """One line as it stands in the file."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class LogWriter:
    """Appends whole lines, each by one write, so that several processes can share a file."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._files = {name: os.open(directory / f"{name}.ndjson", flags, 0o644) for name in STREAMS}

    def write(self, record: Line) -> None:
        """Append *record* to its stream."""
        os.write(self._files[record["source"]], encode(record))

    def write_many(self, stream: str, block: bytes) -> None:
        """Append lines that are already encoded."""
        view = memoryview(block)
        while view:
            view = view[os.write(self._files[stream], view) :]

    def close(self) -> None:
        """Close the files."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files = {}
