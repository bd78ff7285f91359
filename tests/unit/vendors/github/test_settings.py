"""The tables with `kind = "github"`: they say which repository, and ask nobody."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bakewatch.errors import ConfigError, ForgeError
from bakewatch.model.plan import Mode, Plan, Service, Undo
from bakewatch.ports import Context, Remote
from bakewatch.vendors.github import HOSTING, KIND, METHOD
from bakewatch.vendors.github.settings import Access, ForgeSettings, HostingSettings, reach

ENVIRON = {"GITHUB_TOKEN": "ghp_SECRET"}


def _context(url: str = "https://github.com/team/live.git", name: str = "", **environ: str) -> Context:
    return Context(
        data=Path(),
        environ={**ENVIRON, **environ},
        clock=lambda: datetime(2026, 2, 7, tzinfo=UTC),
        remote=Remote(url=url, branch="main", name=name),
        plan=Plan(service=Service(name="live"), undo=Undo(mode=Mode.AUTO)),
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/team/live.git",
        "https://github.com/team/live/",
        "ssh://git@github.com/team/live.git",
        "git@github.com:team/live.git",
        "https://forge.example:8443/team/live",
    ],
)
def test_the_repository_is_taken_from_the_remote(url: str) -> None:
    assert reach(Access(), _context(url), ForgeError).repository == "team/live"


def test_a_name_goes_before_the_remote_and_the_table_before_both() -> None:
    named = _context("/srv/git/live.git", "team/live")
    assert reach(Access(), named, ForgeError).repository == "team/live"
    assert reach(Access(repository="team/other.js"), named, ForgeError).repository == "team/other.js"


@pytest.mark.parametrize(
    ("access", "context", "what"),
    [
        (Access(), _context("/srv/git/live.git"), "which repository is not known"),
        (Access(), _context("/srv/git/live.git", "live"), "`live` is no repository"),
        (Access(repository="team/live/x"), _context(), "`team/live/x` is no repository"),
        (Access(repository="team/.."), _context(), "is no repository"),
        (Access(repository="../team"), _context(), "is no repository"),
        (Access(token_env="NONE"), _context(), "the environment variable NONE is not set"),
        (Access(api="http://forge.example"), _context(), "is not https"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_before_anything_starts(access: Access, context: Context, what: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        reach(access, context, ForgeError)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "settings"), [(KIND, ForgeSettings()), (HOSTING, HostingSettings()), (METHOD, Access())]
)
def test_every_kind_is_built_without_asking_anybody(kind: Any, settings: Any) -> None:
    assert kind.settings is type(settings)
    assert "SECRET" not in repr(kind.build(settings, _context()))
