"""What Vercel's log drain delivers, as lines of a log file. Nothing is masked here.

A delivery is a JSON array of entries, or one entry a line. What of an entry tells of a person (the address of a client,
what its browser is) or is of no use to a check does not go on.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

STREAM = "vercel_logs"

_KEPT = (
    "deploymentId",
    "source",
    "host",
    "level",
    "entrypoint",
    "path",
    "type",
    "statusCode",
    "requestId",
    "environment",
)
_OF_PROXY = ("method", "scheme", "host", "path", "statusCode", "referer", "region")
_AGENT = "userAgent"
_OURS = "bakewatch"

UNREADABLE = b"{}"
"""The line of an entry that could not be read: whoever follows the file must know that there was one."""


_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Half of a surrogate pair, which a message has that was cut off in the middle of a character."""


class Malformed(ValueError):
    """The body is no delivery."""


def lines(body: bytes) -> list[bytes]:
    """The entries in *body*, each as a line without its end. Raises `Malformed`."""
    text = body.strip()
    if text.startswith(b"["):
        found = _decoded(text)
        if not isinstance(found, list):
            raise Malformed
        return [_line(one) for one in found]
    entries = [_decoded(one) for one in text.splitlines() if one.strip()]
    if entries and not any(isinstance(one, dict) for one in entries):
        raise Malformed
    return [_line(one) for one in entries]


def _decoded(text: bytes) -> Any:
    """*text* as strict JSON or, failing that, as what functions print: one odd character must not lose a delivery."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        mended = _HALF.sub(r"\\ufffd", text.decode("utf-8", "replace"))
    try:
        return json.loads(mended, strict=False)
    except (ValueError, RecursionError):
        return None


def _line(entry: Any) -> bytes:
    if not isinstance(entry, dict):
        return UNREADABLE
    proxy = entry.get("proxy")
    proxy = proxy if isinstance(proxy, dict) else {}
    attributes = _some(entry, _KEPT) | {f"proxy.{key}": one for key, one in _some(proxy, _OF_PROXY).items()}
    if _OURS in str(proxy.get(_AGENT, "")).lower():
        attributes[f"proxy.{_AGENT}"] = _OURS
    return msgspec.json.encode(
        {
            "id": entry.get("id", ""),
            "timestamp": entry.get("timestamp"),
            "source": STREAM,
            "event_message": entry.get("message", ""),
            "severity_text": str(entry.get("level", "")).upper(),
            "log_attributes": attributes,
        }
    )


def _some(table: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: table[key] for key in keys if table.get(key) not in (None, "")}
