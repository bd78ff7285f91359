"""Lines that are in the table already, although they come from another place: a file that was copied, or sent twice.

Two lines are the same when they agree in source, moment, `id` and message. The `id` alone is not enough: where it names
a request, several lines share it, and none of them may be lost. A line without an `id` is always new.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]

_SLOT = len("2026-02-07 02:46:1")
_AT_ONCE = 2000
"""Slots of ten seconds that are named in one question."""


def fresh(rows: Sequence[Row], ask: Callable[[str], Row]) -> list[Row]:
    """Those of *rows* that are neither in the table, which *ask* reads, nor among the rows before them."""
    named = [row for row in rows if row["id"]]
    known = _known(named, ask) if named else set()
    new = []
    for row in rows:
        if row["id"]:
            key = _key(row)
            if key in known:
                continue
            known.add(key)
        new.append(row)
    return new


def _key(row: Row) -> str:
    message = zlib.crc32(row["event_message"].encode("utf-8", "surrogatepass"))
    return f"{row['source']} {row['timestamp']} {message} {row['id']}"


def _known(rows: Sequence[Row], ask: Callable[[str], Row]) -> set[str]:
    """The keys of what is in the table in the same slots. The table is ordered by them, so nothing else is read."""
    slots = sorted({row["timestamp"][:_SLOT] for row in rows})
    sources = ", ".join(f"'{source}'" for source in sorted({row["source"] for row in rows}))
    known: set[str] = set()
    for start in range(0, len(slots), _AT_ONCE):
        some = slots[start : start + _AT_ONCE]
        among = ", ".join(f"toDateTime('{slot}0', 'UTC')" for slot in some)
        answer = ask(
            "SELECT groupArray(concat(source, ' ', toString(timestamp), ' ', toString(CRC32(event_message)), ' ', id))"
            f" AS keys FROM logs WHERE source IN ({sources}) AND id != ''"
            f" AND timestamp >= '{some[0]}0' AND timestamp < addSeconds(toDateTime64('{some[-1]}0', 6, 'UTC'), 10)"
            f" AND toStartOfInterval(timestamp, INTERVAL 10 SECOND) IN ({among})"
        )
        known.update(answer["keys"])
    return known
