"""What `doctor` tries at the remote. Nothing there changes."""

from collections.abc import Callable

from bakewatch.errors import RepositoryError
from bakewatch.model.probe import Found, Probe, missing, ok
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.repository import STOP

TRIAL = "bakewatch/doctor"
"""The branch of a push that is only tried."""


def reading(mirror: Mirror, plan: str) -> list[Probe]:
    """Can the production branch be read, with the kill switch, and does it have the *plan* yet?"""
    remote = mirror.remote
    token = f"{remote.token_env}: a token with Contents: read, for" if remote.token_env else "an address and a key for"
    right = f"{token} {mirror.name}"
    return [
        Probe("remote", _asking(lambda: _tip(mirror), right)),
        Probe("plan", _asking(lambda: _plan(mirror, plan), right)),
        Probe("kill switch", _asking(lambda: _switch(mirror), f"{STOP} as a plain file, or none")),
    ]


def pushing(mirror: Mirror) -> list[Probe]:
    """May a revert be pushed? Tried with a push that is never made."""
    remote = mirror.remote
    token = (
        f"{remote.token_env}: a token with Contents: read and write," if remote.token_env else "a key that may push,"
    )
    return [Probe("push", _asking(lambda: _push(mirror), f"{token} for {mirror.name}"))]


def _asking(ask: Callable[[], Found], right: str) -> Callable[[], Found]:
    """git does not say whether it was the network or the token: both must be right."""

    def asked() -> Found:
        try:
            return ask()
        except RepositoryError as error:
            return missing(error.code, right)

    return asked


def _tip(mirror: Mirror) -> Found:
    return ok(f"{mirror.remote.branch} of {mirror.name} is at {mirror.fetch()[:7]}")


def _plan(mirror: Mirror, plan: str) -> Found:
    if mirror.read(mirror.fetch(), plan) is not None:
        return ok(f"{plan} is on {mirror.remote.branch}")
    right = "commit and push it: it is read from a release's parent commit, until then the one at hand is used"
    return missing(f"{plan} is not on {mirror.remote.branch} yet", right, needed=False)


def _switch(mirror: Mirror) -> Found:
    raw = mirror.read(mirror.fetch(), STOP)
    return ok(f"readable: {'off' if raw is None else f'{STOP} is there, and stops what it names'}")


def _push(mirror: Mirror) -> Found:
    reference = f"{mirror.fetch()}:refs/heads/{TRIAL}"
    done = mirror.git.ask("push", "--dry-run", "--no-verify", "--quiet", mirror.remote.url, reference, remote=True)
    if done.code:
        raise RepositoryError("may not push", permanent=True)
    return ok("may push a branch (tried, nothing was pushed)")
