"""A deployment in the platform's words -> in ours."""

import re
from collections.abc import Iterable, Mapping

from bakewatch.model.hosting import Build, Hosted
from bakewatch.model.text import CleanText
from bakewatch.privacy.inert import inert
from bakewatch.privacy.scrub import clean
from bakewatch.vendors.vercel.answers import Line, Listed, moment

LINES, WIDTH = 10, 200
"""Lines of a build log that are kept, and characters of each."""

_BUILDS = {
    "QUEUED": Build.QUEUED,
    "INITIALIZING": Build.QUEUED,
    "BUILDING": Build.BUILDING,
    "READY": Build.READY,
    "ERROR": Build.FAILED,
    "CANCELED": Build.CANCELED,
    "BLOCKED": Build.BLOCKED,
}
_SHAS = ("githubCommitSha", "gitlabCommitSha", "bitbucketCommitSha", "gitCommitSha")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_SKIPPED = ("ignored build step", "was not affected")
"""There is no code for it: what the project's own rule or an unchanged folder skipped is CANCELED, and its message says
one of these."""
_QUOTED = r"""\\+"(?:(?!\\+").)*(?:\\+")?|"(?:[^"\\]|\\.)*"?"""
_SETTING = re.compile(rf"""\b([A-Z][A-Z0-9_]+\s?=)(?![=>])\s?(?:{_QUOTED}|'[^']*'?|\S+)""")
_MEMBER = re.compile(rf"""(\\*"[A-Z][A-Z0-9_]+\\*"\s?:\s?)(?:{_QUOTED})""")
"""A variable as a shell or a program writes it, and in JSON: in a build log its value is a secret until somebody says
otherwise."""
_TELLING = ("stderr", "fatal")


def hosted(one: Listed, log: tuple[CleanText, ...] = ()) -> Hosted:
    """*one* as a model; a state that is not known counts as under way."""
    build = _BUILDS.get(one.ready_state, Build.BUILDING)
    said = (one.error_message or "").lower()
    if build is Build.CANCELED and any(words in said for words in _SKIPPED):
        build = Build.SKIPPED
    return Hosted(
        id=one.uid,
        commit=commit_of(one),
        build=build,
        created_at=moment(one.created_at),
        url=one.url or "",
        staged=build is Build.READY and one.ready_substate == "STAGED",
        code=_code(one),
        log=log,
    )


def newest(listed: Iterable[Listed]) -> Listed | None:
    """Of the deployments of one commit, newest first, the one that tells what has become of it: the first that has not
    come to nothing. What fails later takes nothing away from what was built before."""
    found = list(listed)
    return next((one for one in found if not hosted(one).build.over), found[0] if found else None)


def commit_of(one: Listed) -> str:
    """The commit that it was built from; empty when it does not say."""
    return commit_in(one.meta)


def commit_in(meta: Mapping[str, object]) -> str:
    """The commit that *meta* names; empty when it names none."""
    named = (meta.get(key) for key in _SHAS)
    return next((sha for sha in named if isinstance(sha, str) and _COMMIT.fullmatch(sha)), "")


def telling(events: Iterable[Line]) -> tuple[CleanText, ...]:
    """The last lines of *events* (newest first) that went wrong, or the last lines, oldest first, without secrets."""
    newest = list(events)
    wrong = [one for one in newest if one.type in _TELLING or one.level == "error"]
    lines: list[CleanText] = []
    for event in wrong or newest:
        for line in reversed((event.text or (event.payload.text if event.payload else "")).splitlines()):
            if len(lines) < LINES and (kept := clean(_without_variables(line), WIDTH)):
                lines.append(kept)
    return tuple(reversed(lines))


def _without_variables(line: str) -> str:
    """*line* in plain characters, since names may be coloured, without the values of variables."""
    return _MEMBER.sub(r"\1[value]", _SETTING.sub(r"\1[value]", inert(line)))


def _code(one: Listed) -> str:
    blocked, unassigned = one.seat_block, one.alias_error
    codes = (one.error_code, blocked.block_code if blocked else "", unassigned.code if unassigned else "")
    return next((code for code in codes if _CODE.fullmatch(code)), "")
