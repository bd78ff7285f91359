"""The lines that the stand-in's parts write into its logs, in the form of each stream."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Line = dict[str, Any]

KEPT = frozenset(
    {"accept", "cf_connecting_ip", "cf_ray", "content_length", "host", "referer", "user_agent", "x_client_info"}
)
"""The headers of a request that the edge keeps, as it writes them: no others, whoever sends them."""


def line(source: str, at: datetime, message: str, severity: str, attributes: Mapping[str, object]) -> Line:
    """A line of any stream."""
    return {
        "id": str(uuid.uuid4()),
        "timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}",
        "source": source,
        "event_message": message,
        "severity_text": severity,
        "log_attributes": {key: str(value) for key, value in attributes.items()},
    }


def edge(at: datetime, host: str, method: str, path: str, status: int, headers: Mapping[str, str]) -> Line:
    """What the edge says of one request; the names of its *headers* in small letters."""
    written = {name.replace("-", "_"): value for name, value in headers.items()}
    kept = {f"request.headers.{name}": value for name, value in written.items() if name in KEPT}
    url = f"https://{host}{path}"
    attributes = {
        "request.method": method,
        "request.host": host,
        "request.path": path,
        "request.url": url,
        "response.status_code": status,
        "response.origin_time": 12,
        **kept,
        "request.headers.host": host,
    }
    message = f"{method} | {status} | 203.0.113.7 | {uuid.uuid4().hex[:16]} | {url} | {headers.get('user-agent', '')}"
    return line("edge_logs", at, message, "INFO", attributes)


def auth(at: datetime, method: str, path: str, status: int) -> Line:
    """What the auth service says of one request: a JSON line as the message, the same fields as attributes."""
    level = "error" if status >= 500 else "warning" if status >= 400 else "info"
    fields = {
        "component": "api",
        "duration": 1_200_000,
        "level": level,
        "method": method,
        "msg": "request completed",
        "path": path,
        "remote_addr": "203.0.113.7",
        "request_id": uuid.uuid4().hex,
        "status": status,
        "time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    return line("auth_logs", at, json.dumps(fields), level.upper(), fields)


def postgres(at: datetime, severity: str, message: str, state: str = "00000") -> Line:
    """What the database says, asked by the role of read-only SQL."""
    attributes = {
        "parsed.error_severity": severity,
        "parsed.sql_state_code": state,
        "parsed.user_name": "supabase_read_only_user",
        "parsed.database_name": "postgres",
        "parsed.backend_type": "client backend",
    }
    return line("postgres_logs", at, message, severity, attributes)
