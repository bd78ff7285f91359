"""The text of a first plan: what was found, every choice explained on its line, and what is to be filled in."""

from collections.abc import Iterator

from bakewatch.draft.found import Code, Found
from bakewatch.report.inert import inert

FILL_IN = "FILL IN"
"""Marks each line that holds what could not be found."""
ADDRESS = "https://your-service.example"
_REMOTE = "https://git.example/owner/name.git"
_REF = "a" * 20

JOURNEY = "journeys/front_page.py"
JOURNEY_TEXT = '''"""A visitor opens the front page. Add what must never break: sign in, buy, pay.

Fixtures: api (an HTTP client for production), expect, observe, db, persona, tag, cleanup.
"""


def test_the_front_page_opens(api, expect):
    expect(api.get("/").status_code < 400, "the front page opens")
'''
"""A first journey, beside the plan."""

_HEAD = """\
# What bakewatch looks at after a merge, and what it does about it. Written by `bakewatch init`; it is yours now.
#
#   bakewatch check     says what is wrong with this file        bakewatch doctor    tries everything in it for real
#   bakewatch verify    watches what was merged last             bakewatch schema    every key, for your editor
#
# A line with FILL IN holds what could not be found. Secrets are never in here, only names of environment variables.
# The upper half is the plan. It is read from a release's parent commit, so that a change cannot weaken its own watch.
"""

_PLAN = """\
# ---------------------------------------------------------------------------------------------------------- the plan

[service]
name = {name}
timezone = "UTC"            # of the reports, such as "Asia/Seoul"
language = "en"             # of what is shown at pull requests: "en" or "ko"

[bake]
duration = "30m"            # so long a release is watched once production serves it
look_every = "30s"          # hosted logs allow few questions: more often would only spend them

[undo]
mode = "ask"                # a person decides. "auto" undoes at once what the evidence allows, "off" only says so
"""

_JOURNEYS = f"""\
# Journeys: pytest modules beside this file, walked through production when a bake begins, every 10 minutes, at its end.

[personas.visitor]          # who walks: here somebody without an account

[[journeys]]
name = "front-page"
persona = "visitor"
file = "{JOURNEY}"
title = "The front page opens"

[[triggers]]                # what demands an undo: everything in `all`, and one of `any`
name = "journeys"
any = ["journey:front-page"]
"""

_SUPABASE_PACK = """\
# Checks: the ready ones for Supabase, each explained in docs/packs.md. `leave_out = ["name"]` drops one; a check of
# your own under the same name stands in its place.

[[packs]]
pack = "supabase"
source = "supabase"
"""

_NO_CHECKS = """\
# Checks need a source of logs: see docs/plan.md for `[sources]`, `[streams]` and `[[checks]]`. Until there is one, only
# the journeys below tell harm.
"""

_SETTINGS = f"# {'-' * 98} where things are"

_FORGE = """\
[forge]                     # the service with the pull requests
kind = "github"
token_env = "GITHUB_TOKEN"
publish = ["comment", "status"] # how a case is shown there; "check" needs the token of an App
opt_out = "bakewatch:off"   # a maintainer's label that keeps a release from being undone
"""


def text(found: Found) -> str:
    """The whole file."""
    parts = [
        _HEAD,
        _PLAN.format(name=_quoted(found.name)),
        _SUPABASE_PACK if found.supabase else _NO_CHECKS,
        _JOURNEYS,
        _SETTINGS,
        *map("\n".join, (_repository(found), _platform(found), _hosting(found), _sources(found))),
        _FORGE if found.github else "",
        _others(found),
    ]
    return "\n".join(f"{part.rstrip()}\n" for part in parts if part.strip())


def _repository(found: Found) -> Iterator[str]:
    yield "[repository]"
    if found.github:
        yield f"remote = {_quoted(f'https://github.com/{found.github}.git')}"
    elif found.remote:
        yield f"remote = {_quoted(found.remote)}"
    else:
        yield _said(f'remote = "{_REMOTE}"', f"{FILL_IN}: where the code is pushed to")
    yield _said(f"branch = {_quoted(found.branch)}", "what is merged into it goes to production")
    if found.plan != "bakewatch.toml":
        yield _said(f"plan = {_quoted(found.plan)}", "where this file lies in the repository")
    if found.github:
        yield _said('token_env = "GITHUB_TOKEN"', "to fetch, and to push the undo")


def _platform(found: Found) -> Iterator[str]:
    yield "[platform]"
    yield _said('kind = "endpoint"', "production itself is asked which commit it serves, at every address")
    if found.address:
        yield f"addresses = [{_quoted(found.address)}]"
    else:
        yield _said(f'addresses = ["{ADDRESS}"]', f"{FILL_IN}: every address of production; journeys walk the first")
    yield f"path = {_quoted(found.code.framework.path if found.code else '/version')}"
    yield '# There, production must answer {"commit": "the whole commit", "deployment": "what you call it"}.'
    yield from _lines(found, found.code) if found.code else ()


def _lines(found: Found, code: Code) -> Iterator[str]:
    """What a person may put into the code; nobody else writes there."""
    framework, folder = code.framework, "" if code.folder == "." else f"{code.folder}/"
    yield f"# With {framework.name}, in {inert(folder)}{framework.file}:"
    commit, deployment = ("COMMIT_SHA", "BUILD_ID")
    if found.vercel:
        commit, deployment = "VERCEL_GIT_COMMIT_SHA", "VERCEL_DEPLOYMENT_ID"
    for line in framework.lines:
        yield f"#   {line.replace('COMMIT', commit).replace('DEPLOYMENT', deployment)}"
    if found.vercel:
        yield "# (the project's system environment variables must be exposed: Settings → Environment Variables)"
    else:
        yield f"# ({commit} and {deployment}: set by whatever builds or starts it)"


def _hosting(found: Found) -> Iterator[str]:
    if found.vercel is None:
        return
    yield _said("[hosting]", "who builds and serves it: says why nothing is live yet, and goes back at once")
    yield 'kind = "vercel"'
    yield _said(f"project = {_quoted(found.vercel.project)}", f"from {found.vercel.where}")
    if found.vercel.team:
        yield f"team = {_quoted(found.vercel.team)}"
    yield 'token_env = "VERCEL_TOKEN"'
    yield "# Its own logs can be judged too, by a drain to `bakewatch serve` and the pack `vercel`: see docs/packs.md."


def _sources(found: Found) -> Iterator[str]:
    if found.supabase is None:
        return
    ref = found.supabase.ref
    from_where = f"from {found.supabase.where}" if ref else f"{FILL_IN}: the 20 letters of the project's address"
    project = _said(f"project = {_quoted(ref or _REF)}", from_where)
    yield _said("[sources.supabase]", "who answers the checks: the project's hosted logs")
    yield 'kind = "supabase"'
    yield project
    yield 'token_env = "SUPABASE_ACCESS_TOKEN"'
    yield ""
    yield _said("[[canaries]]", "a harmless tagged line into each stream: so silence is told from blindness")
    yield 'kind = "supabase"'
    yield project
    yield 'token_env = "SUPABASE_ACCESS_TOKEN"'
    yield 'key_env = "SUPABASE_PUBLISHABLE_KEY"'


def _others(found: Found) -> str:
    if not found.others:
        return ""
    named = inert(", ".join(found.others))
    return f"# Found too, and not watched here: {named}. Each project wants a plan of its own."


def _said(line: str, why: str) -> str:
    """*line* with its reason behind it, in a column where there is room. A folder's name ends no comment."""
    return f"{line:<27} # {inert(why)}"


def _quoted(text: str) -> str:
    """*text* as a TOML string: what is not seen is written as an escape, and halves of surrogates are none."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    if one.isprintable():
        return one
    return "\\uFFFD" if 0xD800 <= ord(one) <= 0xDFFF else f"\\U{ord(one):08X}"
