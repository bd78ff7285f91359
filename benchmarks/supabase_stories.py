"""Stories of releases whose logs are a Supabase's: what goes wrong with them, and how each has to end."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.supastack import SupabaseStack
from tests.e2e.vendorstack import VendorStack

from bakewatch.testing.supabase import TOKEN, Reply, failure
from bakewatch.testing.supabase.limits import LOGS
from benchmarks.vendor_stories import HARMFUL, HARMLESS, Scene, Story

BLIND, PASSED, UNDONE = "inconclusive blind", "passed", "undone"
REFUSED = "inconclusive provider_errors"
"""Five errors in a row, or of a fifth of the looks, are as good as blindness, also where the answers came later."""
ALWAYS = 10_000
"""More requests than a bake makes."""


def _on(arrange: Callable[[SupabaseStack], None], files: dict[str, str] = HARMLESS) -> Scene:
    """A scene with the vendor *arranged* before the merge."""

    def scene(stack: VendorStack) -> str:
        assert isinstance(stack, SupabaseStack)
        arrange(stack)
        return stack.merge(1, files)

    return scene


def _meanwhile(change: Callable[[SupabaseStack], None]) -> Callable[[VendorStack], None]:
    def step(stack: VendorStack) -> None:
        assert isinstance(stack, SupabaseStack)
        change(stack)

    return step


def _nothing(stack: SupabaseStack) -> None:
    """All is well."""


def _answers(reply: Reply) -> Callable[[SupabaseStack], None]:
    return lambda stack: stack.supabase.limits.order(LOGS, reply, ALWAYS)


def _fails(status: int) -> Callable[[SupabaseStack], None]:
    return _answers(failure(status, "It was ordered so."))


def _empty(stack: SupabaseStack) -> None:
    stack.supabase.logs.becomes = lambda row: None


def _late(stack: SupabaseStack) -> None:
    stack.supabase.logs.late = dict.fromkeys(("edge_logs", "postgres_logs", "auth_logs"), 120 * stack.scale)


def _renamed(stack: SupabaseStack) -> None:
    """The platform calls its attributes otherwise from now on."""

    def otherwise(row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**row, "log_attributes": {f"http.{key}": value for key, value in row["log_attributes"].items()}}

    stack.supabase.logs.becomes = otherwise


def _limited(stack: SupabaseStack) -> None:
    """For three minutes of the plan nothing is answered."""
    stack.supabase.limits.totals[LOGS] = 0
    stack.after(3, lambda: stack.supabase.limits.totals.update({LOGS: 10}))


def _starved(stack: SupabaseStack) -> None:
    """The platform answers one query in two minutes."""
    stack.supabase.limits.totals[LOGS] = 1
    stack.supabase.limits.minute = 120 * stack.scale


def _expires(stack: SupabaseStack) -> None:
    stack.supabase.tokens.pop(TOKEN, None)


def _skewed(stack: SupabaseStack) -> None:
    stack.supabase.project.skew = timedelta(minutes=2)


def _cut(stack: SupabaseStack) -> None:
    """Rows beyond the first do not come: as if a thousand were many more."""
    stack.supabase.logs.most = 1


def _week(stack: SupabaseStack) -> None:
    """There are lines of a week, and of two of its days none are kept."""
    now = datetime.now(UTC)
    stack.supabase.logs.since = now - timedelta(days=5) * stack.scale
    for minute in range(0, 7 * 24 * 60, 10):
        at = now - timedelta(minutes=minute) * stack.scale
        stack.supabase.logs.write(_visit(at))


def _visit(at: datetime) -> dict[str, Any]:
    return {
        "id": f"visit-{at.timestamp()}",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}",
        "source": "edge_logs",
        "event_message": "GET | 200 | /live",
        "severity_text": "INFO",
        "log_attributes": {"request.path": "/live", "response.status_code": "200"},
    }


SUPABASE_STORIES = (
    Story("Supabase: undone by what its logs say", UNDONE, _on(_nothing, HARMFUL), reverts=1, supabase=True),
    Story("Supabase: a harmless release", PASSED, _on(_nothing), supabase=True),
    Story(
        "Supabase: an error in a 200",
        REFUSED,
        _on(_answers(Reply(200, {"error": "Error while executing query"}))),
        supabase=True,
    ),
    Story("Supabase: empty though busy", BLIND, _on(_empty), supabase=True),
    Story("Supabase: logs two minutes late, harmless", PASSED, _on(_late), supabase=True),
    Story("Supabase: logs two minutes late, harmful", UNDONE, _on(_late, HARMFUL), reverts=1, supabase=True),
    Story("Supabase: 429 for three minutes", REFUSED, _on(_nothing), (("live", _meanwhile(_limited)),), supabase=True),
    Story("Supabase: one query in two minutes", REFUSED, _on(_starved), supabase=True),
    Story("Supabase: 402, the log allowance is spent", REFUSED, _on(_fails(402)), supabase=True),
    Story("Supabase: 403, the permission is missing", REFUSED, _on(_fails(403)), supabase=True),
    Story("Supabase: a week of history, in parts of a day", PASSED, _on(_week), supabase=True),
    Story("Supabase: more rows than come", REFUSED, _on(_cut), supabase=True),
    Story(
        "Supabase: the format of its logs changes",
        BLIND,
        _on(_nothing),
        (("live", _meanwhile(_renamed)),),
        supabase=True,
    ),
    Story(
        "Supabase: the token expires in the middle",
        REFUSED,
        _on(_nothing),
        (("look", _meanwhile(_expires)),),
        supabase=True,
    ),
    Story("Supabase: clocks two minutes apart", REFUSED, _on(_skewed), supabase=True),
)
