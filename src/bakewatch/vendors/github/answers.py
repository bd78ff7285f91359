"""What people answer at a pull request: a comment by a person who may write to the repository."""

from datetime import datetime
from urllib.parse import quote

from bakewatch.errors import ForgeError
from bakewatch.model.forge import answer_in
from bakewatch.model.release import Release
from bakewatch.ports import Message
from bakewatch.privacy.scrub import clean
from bakewatch.vendors.github.authors import Authors
from bakewatch.vendors.github.comments import MOST, mark_of
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import Comment, Role


def answer(rest: Rest, authors: Authors, release: Release, since: datetime, until: datetime) -> Message | None:
    """The first answer at one of the release's pull requests that was written after *since*, and *until* then.

    1. Of the comments that begin with an answer, those count that were written after our own comment was changed last
       (by the clock that dates both; within its second, before and after cannot be told apart), and never edited.
    2. None by an App, or through one: a person must have written it.
    3. Its account must be allowed to write to the repository now: what GitHub calls an association does not say that.
    """
    mark = mark_of(release.bake_id)
    found: list[Comment] = []
    for number in release.pulls[:MOST]:
        there = _comments(rest, number, since)
        ours = [one.updated_at for one in there if one.body.startswith(mark) and authors.wrote(one.user)]
        asked = max([since, *ours])
        found += [one for one in there if answer_in(one.body) and asked < one.created_at <= until]
    writers: dict[str, bool] = {}
    for one in sorted(found, key=lambda one: (one.created_at, one.id)):
        login = _person(one)
        if login and login not in writers:
            writers[login] = _may_write(rest, login)
        if writers.get(login):
            return Message(kind=answer_in(one.body), by=clean(login))
    return None


def _comments(rest: Rest, number: int, since: datetime) -> list[Comment]:
    params = {"since": f"{since:%Y-%m-%dT%H:%M:%SZ}"}
    return [one for page in rest.pages(f"/issues/{number}/comments", list[Comment], params) for one in page]


def _person(one: Comment) -> str:
    """Who wrote *one*; empty when that was no person, or when it was edited since."""
    if one.user is None or one.user.is_bot or one.performed_via_github_app is not None:
        return ""
    return one.user.login if one.updated_at == one.created_at else ""


def _may_write(rest: Rest, login: str) -> bool:
    try:
        return rest.get(f"/collaborators/{quote(login, safe='')}/permission", Role).writes
    except ForgeError as error:
        if error.code == "not_found":
            return False
        raise
