"""One comment on each pull request, which tells how the case stands now."""

import re
from collections.abc import Iterator

import msgspec

from bakewatch.errors import ForgeError
from bakewatch.model.forge import Bulletin, Trace
from bakewatch.model.release import Release
from bakewatch.report import markdown
from bakewatch.vendors.github.authors import Authors
from bakewatch.vendors.github.quiet import cut, followed, quiet
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import Comment

LIMIT = 65_536
"""Characters of a comment."""
MOST = 20
"""Pull requests of one release that are commented on."""

_TRACE = re.compile(r"<!-- (\{.*\}) -->")
_ESCAPES = {ord(one): f"\\u{ord(one):04x}" for one in "<>&@#-"}
"""What could end the mark, or call somebody, in a plan's names."""


def comment(rest: Rest, authors: Authors, number: int, bulletin: Bulletin) -> None:
    """Show *bulletin* on pull request *number*, in place of what was shown before.

    The comment is found by a mark that is not seen. Anyone can write that mark, so only one of ours counts.
    """
    mark = mark_of(bulletin.bake_id)
    body = _body(mark, rest.repository, bulletin)
    for there in _marked(rest, number, mark):
        if not authors.wrote(there.user):
            continue
        if _same(there.body, body):
            return
        try:
            rest.send("PATCH", f"/issues/comments/{there.id}", {"body": body}, Comment)
        except ForgeError as error:
            # Another App's, or it was deleted meanwhile.
            if error.code not in ("forbidden", "not_found"):
                raise
        else:
            return
    rest.send("POST", f"/issues/{number}/comments", {"body": body}, Comment)


def trace(rest: Rest, authors: Authors, release: Release) -> Trace | None:
    """What our comment on one of the release's pull requests tells a machine; the first that can be read."""
    mark = mark_of(release.bake_id)
    for number in release.pulls[:MOST]:
        for there in _marked(rest, number, mark):
            found = _TRACE.fullmatch("".join(there.body.splitlines()[1:2]))
            if found and authors.wrote(there.user):
                try:
                    return msgspec.json.decode(found[1], type=Trace)
                except msgspec.DecodeError:
                    continue
    return None


def mark_of(bake_id: str) -> str:
    """The first line of a comment about a case."""
    return f"<!-- bakewatch: {bake_id} -->"


def _marked(rest: Rest, number: int, mark: str) -> Iterator[Comment]:
    for page in rest.pages(f"/issues/{number}/comments", list[Comment]):
        yield from (one for one in page if one.body.startswith(mark))


def _body(mark: str, repository: str, bulletin: Bulletin) -> str:
    link = followed(bulletin.link)
    told = f"### {markdown.heading(bulletin.title)}\n\n{bulletin.text.strip()}"
    if link:
        told += f"\n\n{link}"
    head = mark + "\n"
    if bulletin.trace is not None:
        head += f"<!-- {msgspec.json.encode(bulletin.trace).decode().translate(_ESCAPES)} -->\n"
    return head + cut(quiet(told, repository, bulletin.pulls), LIMIT - len(head), link)


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.strip()
