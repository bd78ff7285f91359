"""The commit's status and its check.

Who does not know whether a release is harmful has neither a failure nor a success to show. A check can say that
(`neutral`); a status cannot, and stays `pending`: `error` would turn the branch red for a provider's trouble, and
whoever waits for a success is right to go on waiting.
"""

from typing import Any

from bakewatch.errors import ForgeError
from bakewatch.model.forge import Bulletin, Mark
from bakewatch.vendors.github.quiet import cut, followed, quiet
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import CheckRun, CheckRuns, Status, Statuses

DESCRIPTION = 140
SUMMARY = 65_535
"""Characters of a status' description and of a check's summary."""


def status(rest: Rest, context: str, bulletin: Bulletin) -> None:
    """Set the status *context* of the bulletin's commit, unless it is so already: there is room for a thousand."""
    state = Mark.PENDING if bulletin.mark is Mark.NEUTRAL else bulletin.mark
    description = _line(quiet(bulletin.title, rest.repository, bulletin.pulls), DESCRIPTION)
    link = followed(bulletin.link)
    there = _status(rest, context, bulletin.commit)
    if there and (there.state, there.description, there.target_url or "") == (state, description, link):
        return
    body = {"context": context, "state": state.value, "description": description}
    rest.send("POST", f"/statuses/{bulletin.commit}", body | ({"target_url": link} if link else {}), Status)


def check(rest: Rest, name: str, bulletin: Bulletin) -> None:
    """Show the check *name* of the bulletin's commit, in place of what was shown before."""
    body = _check(rest.repository, bulletin)
    params = {"check_name": name, "filter": "all"}
    for page in rest.pages(f"/commits/{bulletin.commit}/check-runs", CheckRuns, params):
        for there in page.check_runs:
            if there.external_id == bulletin.bake_id and _updated(rest, there, body):
                return
    whole = {"name": name, "head_sha": bulletin.commit, "external_id": bulletin.bake_id, **body}
    rest.send("POST", "/check-runs", whole, CheckRun)


def _updated(rest: Rest, there: CheckRun, body: dict[str, Any]) -> bool:
    """Does *there* show *body* now? Not when it is another App's."""
    output = {"title": there.output.title, "summary": there.output.summary}
    if (there.status, there.conclusion, output) == (body["status"], body.get("conclusion"), body["output"]):
        return True
    try:
        rest.send("PATCH", f"/check-runs/{there.id}", body, CheckRun)
    except ForgeError as error:
        if error.code in ("forbidden", "not_found"):
            return False
        raise
    return True


def _check(repository: str, bulletin: Bulletin) -> dict[str, Any]:
    link, title = followed(bulletin.link), quiet(bulletin.title, repository, bulletin.pulls)
    summary = cut(quiet(bulletin.text.strip(), repository, bulletin.pulls), SUMMARY, link)
    body: dict[str, Any] = {"status": "in_progress", "output": {"title": title, "summary": summary}}
    if bulletin.mark is not Mark.PENDING:
        body |= {"status": "completed", "conclusion": bulletin.mark.value}
    return body | ({"details_url": link} if link else {})


def _status(rest: Rest, context: str, commit: str) -> Status | None:
    """The newest status of *context*; how it is written does not matter."""
    pages = rest.pages(f"/commits/{commit}/status", Statuses)
    statuses = (one for page in pages for one in page.statuses)
    return next((one for one in statuses if one.context.casefold() == context.casefold()), None)


def _line(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
