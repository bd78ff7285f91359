"""The opt-out: a label that a maintainer set on a pull request."""

from urllib.parse import quote

from bakewatch.errors import ForgeError
from bakewatch.model.release import Release
from bakewatch.model.rollback import Brake
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import Account, Event, Methods, PullRequest, Role

MOST = 20
"""Pull requests of one release that are asked about."""


def brake(rest: Rest, release: Release, label: str) -> Brake:
    """Is *label* set on one of the release's pull requests, by a maintainer? What cannot be read is a pulled brake.

    Whoever may sort issues can set a label, and so can a workflow in their name: those do not count.
    """
    if len(release.pulls) > MOST:
        return Brake(pulled=True, problem="brake_unreadable")
    try:
        pulled = any(_opted_out(rest, number, label.casefold()) for number in release.pulls)
    except ForgeError:
        return Brake(pulled=True, problem="brake_unreadable")
    return Brake(pulled=pulled, problem="opt_out" if pulled else "")


def _opted_out(rest: Rest, number: int, label: str) -> bool:
    one = _pull(rest, number)
    if one is None or label not in {there.name.casefold() for there in one.labels}:
        return False
    account = _setter(rest, number, label)
    if account is None:
        # It was renamed, or its account is gone.
        raise ForgeError("unknown_setter", permanent=True)
    if account.is_bot:
        return False
    return rest.get(f"/collaborators/{quote(account.login, safe='')}/permission", Role).maintains


def _pull(rest: Rest, number: int) -> PullRequest | None:
    """None: there is no such pull request. A commit may end with the number of an issue, or of another repository."""
    try:
        return rest.get(f"/pulls/{number}", PullRequest)
    except ForgeError as error:
        if error.code != "not_found":
            raise
    rest.get("", Methods)  # to who does not see the repository, nothing is there
    return None


def _setter(rest: Rest, number: int, label: str) -> Account | None:
    """Who set *label* last and was not followed by somebody who took it off."""
    told = [one for page in rest.pages(f"/issues/{number}/events", list[Event]) for one in page]
    changes = [one for one in told if one.label and one.label.name.casefold() == label]
    last = max(enumerate(changes), key=lambda pair: (pair[1].created_at, pair[0]), default=(0, None))[1]
    return last.actor if last and last.event == "labeled" else None
