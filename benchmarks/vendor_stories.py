"""Stories of releases on the vendors' stand-ins: what goes wrong in each, and how it has to end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.vendorstack import VERCEL_TOKEN, VendorStack

from bakewatch.testing.vercel import Ends

HARMFUL, HARMLESS = {"broken": "x\n"}, {"app.txt": "2\n"}
Scene = Callable[[VendorStack], str]
"""Arranges it, merges, and returns the release's commit."""


@dataclass(frozen=True)
class Story:
    """One story."""

    name: str
    expected: str
    """Ending and reason: `never_deployed build_failed`."""
    scene: Scene
    steps: tuple[tuple[str, Callable[[VendorStack], None]], ...] = ()
    """What happens meanwhile, in order, each once a line that begins so was printed."""
    supabase: bool = False
    """Its logs are a Supabase's."""
    hooked: bool = False
    """Webhooks start it, forged, repeated and out of order ones among them."""
    reverts: int = 0
    pinned: bool = False
    """Production is still held by a rollback in the end."""


def _harmless(stack: VendorStack) -> str:
    return stack.merge(1, HARMLESS)


def _harmful(stack: VendorStack) -> str:
    return stack.merge(1, HARMFUL)


def _ends(ends: Ends, **more: object) -> Scene:
    def scene(stack: VendorStack) -> str:
        stack.orders = {"ends": ends, **more}
        return _harmless(stack)

    return scene


def _deaf(stack: VendorStack) -> str:
    stack.platform.deaf = True
    return _harmless(stack)


def _preview(stack: VendorStack) -> str:
    stack.orders = {"target": None}
    return _harmless(stack)


def _stuck(stack: VendorStack) -> str:
    stack.platform.stuck = {list(stack.platform.domains)[2]}
    return _harmless(stack)


def _pinned(stack: VendorStack) -> str:
    first = stack.platform.current
    stack.until_served(stack.merge(1, {"app.txt": "one\n"}))
    stack.platform.roll_back(first)
    time.sleep(3)
    return stack.merge(2, HARMLESS)


def _rolling(stack: VendorStack) -> str:
    stack.platform.rolls = True
    return _harmless(stack)


def _failing(stack: VendorStack) -> str:
    stack.platform.failing = 1
    return _harmful(stack)


def _gone(stack: VendorStack) -> None:
    stack.platform.delete(stack.platform.served[0])


def _spent(stack: VendorStack) -> None:
    stack.vercel.limits.limit("", 0, 5 * 60 * stack.scale)


def _revoked(stack: VendorStack) -> None:
    stack.vercel.tokens.discard(VERCEL_TOKEN)


def _second(stack: VendorStack) -> None:
    stack.merge(2, {"second.txt": "2\n"})


def _forced(stack: VendorStack) -> None:
    """Somebody takes the release off main by force; the platform does not hear of it."""
    stack.platform.deaf = True
    stack.git("fetch", "-q", "origin")
    stack.git("push", "-q", "-f", "origin", "origin/main~1:refs/heads/main")


def _rewritten(stack: VendorStack) -> None:
    """Somebody goes on with what the release brought; that is not deployed yet."""
    stack.platform.deaf = True
    stack.merge(2, {"broken": "y\n"})


def _approve(stack: VendorStack) -> None:
    stack.platform.deaf = False
    assert stack.bakewatch("approve", f"team/mini@{stack.serving(stack.port)}").wait() == 0


def _protect(approved: bool) -> Scene:
    def scene(stack: VendorStack) -> str:
        commit = _harmful(stack)
        hook = stack.remote / "hooks" / "update"
        refuse = 'echo "GH006: Protected branch update failed for $1." >&2; exit 1'
        hook.write_text(f'#!/bin/sh\ncase "$1" in refs/heads/main) {refuse};; esac\n')
        hook.chmod(0o755)
        stack.github.state.protected = not approved
        return commit

    return scene


STORIES = (
    Story("merge to report: gone back, reverted, let go, proved", "undone", _harmful, reverts=1),
    Story("a harmless release", "passed", _harmless),
    Story("build failed", "never_deployed build_failed", _ends(Ends.ERROR, log=("Error: KEY=sk_live_1 is wrong",))),
    Story("build cancelled", "never_deployed build_canceled", _ends(Ends.CANCELED)),
    Story("build blocked", "never_deployed build_blocked", _ends(Ends.BLOCKED)),
    Story("skipped by the ignored build step", "never_deployed build_skipped", _ends(Ends.SKIPPED)),
    Story("never created", "never_deployed never_created", _deaf),
    Story("a preview with the same commit", "never_deployed never_created", _preview),
    Story("alias not moved on one of three domains", "inconclusive partly_live", _stuck),
    Story("production pinned by an earlier rollback", "never_deployed pinned", _pinned, pinned=True),
    Story("rolling release in progress", "inconclusive rolling", _rolling),
    Story("rollback job failed", "undone", _failing, reverts=1),
    Story("rollback target gone", "not_undone no_answer", _harmful, (("live", _gone),)),
    Story("429 for five minutes", "passed", _harmless, (("opened", _spent),)),
    Story("token revoked midway, harmless", "passed", _harmless, (("live", _revoked),)),
    Story("token revoked midway, harmful", "not_undone no_answer", _harmful, (("live", _revoked),)),
    Story(
        "force-pushed main, approved by a person",
        "not_undone not_on_branch",
        _harmful,
        (("live", _forced), ("notified   asked", _approve)),
        pinned=True,
    ),
    Story(
        "revert conflict, approved by a person",
        "not_undone conflict",
        _harmful,
        (("live", _rewritten), ("notified   asked", _approve)),
        pinned=True,
    ),
    Story("webhooks forged, repeated, out of order", "undone", _harmful, hooked=True, reverts=1),
    Story("second merge during the bake", "inconclusive superseded", _harmless, (("look", _second),)),
    Story("protected main, merged in auto", "undone", _protect(approved=True), reverts=1),
    Story("protected main, a review is required", "not_undone needs_a_person", _protect(approved=False), pinned=True),
)
