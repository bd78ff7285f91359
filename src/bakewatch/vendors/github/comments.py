"""One comment on each pull request, which tells how the case stands now."""

from collections.abc import Iterator

from bakewatch.errors import ForgeError
from bakewatch.model.forge import Bulletin
from bakewatch.report import markdown
from bakewatch.vendors.github.authors import Authors
from bakewatch.vendors.github.quiet import cut, followed, quiet
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import Comment

LIMIT = 65_536
"""Characters of a comment."""
MOST = 20
"""Pull requests of one release that are commented on."""


def comment(rest: Rest, authors: Authors, number: int, bulletin: Bulletin) -> None:
    """Show *bulletin* on pull request *number*, in place of what was shown before.

    The comment is found by a mark that is not seen. Anyone can write that mark, so only one of ours counts.
    """
    mark = f"<!-- bakewatch: {bulletin.bake_id} -->"
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


def _marked(rest: Rest, number: int, mark: str) -> Iterator[Comment]:
    for page in rest.pages(f"/issues/{number}/comments", list[Comment]):
        yield from (one for one in page if one.body.startswith(mark))


def _body(mark: str, repository: str, bulletin: Bulletin) -> str:
    link = followed(bulletin.link)
    told = f"### {markdown.heading(bulletin.title)}\n\n{bulletin.text.strip()}"
    if link:
        told += f"\n\n{link}"
    return f"{mark}\n" + cut(quiet(told, repository, bulletin.pulls), LIMIT - len(mark) - 1, link)


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.strip()
