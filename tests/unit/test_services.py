"""What the platform and the forge tell before a case begins."""

from datetime import UTC, datetime
from typing import cast

import pytest
from msgspec import structs

from bakewatch.app.services import members, pull_of, starts_nothing, trace_of, with_domains
from bakewatch.errors import ConfigError, ForgeError, HostingError
from bakewatch.model.forge import Pull, Trace
from bakewatch.model.release import Member, Release
from bakewatch.ports import Forge, Hosting
from tests.flow.stories import MERGED

PULL = Pull(
    number=7, repository="a/b", base="main", head="c" * 40, merged_at=datetime(2026, 2, 7, tzinfo=UTC), author="kim"
)
TABLE = {"kind": "endpoint", "addresses": ["https://live.example"]}


class _Platform:
    def __init__(self, told: list[str] | HostingError) -> None:
        self._told = told

    def domains(self) -> list[str]:
        if isinstance(self._told, HostingError):
            raise self._told
        return self._told


class _Forge:
    def __init__(self, *pulls: Pull, error: ForgeError | None = None) -> None:
        self._pulls, self._error = pulls, error

    def trace(self, release: Release) -> Trace | None:
        if self._error is not None:
            raise self._error
        return Trace(attempt=3)

    def pull(self, number: int) -> Pull:
        if self._error is not None:
            raise self._error
        return next(one for one in self._pulls if one.number == number)

    def pulls_of(self, commit: str) -> list[Pull]:
        if self._error is not None:
            raise self._error
        return list(self._pulls)


def _domains(told: list[str] | HostingError) -> list[str]:
    return list(with_domains(TABLE, cast(Hosting, _Platform(told)), "x: hosting")["addresses"])


def _pull(forge: _Forge, number: int | None = 7) -> Pull | None:
    return pull_of(cast(Forge, forge), "x: forge", "main", number, "d" * 40)


def test_every_production_domain_is_asked_and_none_twice() -> None:
    assert _domains(["live.example", "www.example"]) == ["https://live.example", "https://www.example"]
    assert with_domains(TABLE, None, "x") == TABLE
    assert with_domains({"kind": "other"}, cast(Hosting, _Platform(["a.example"])), "x") == {"kind": "other"}


def test_a_platform_that_is_silent_changes_nothing_and_one_that_refuses_is_an_error() -> None:
    assert _domains(HostingError("rate_limited")) == TABLE["addresses"]
    with pytest.raises(ConfigError, match="x: hosting: refused: unauthorized"):
        _domains(HostingError("unauthorized", permanent=True))


def test_a_pull_request_must_have_been_merged_into_the_production_branch() -> None:
    assert _pull(_Forge(PULL)) == PULL
    with pytest.raises(ConfigError, match="#7 is not merged"):
        _pull(_Forge(structs.replace(PULL, merged_at=None)))
    with pytest.raises(ConfigError, match="#7 was merged into next"):
        _pull(_Forge(structs.replace(PULL, base="next")))
    assert _pull(_Forge(error=ForgeError("timeout"))) is None
    with pytest.raises(ConfigError, match=r"refused: redirected \(its present name\)"):
        _pull(_Forge(error=ForgeError("redirected", permanent=True)))
    with pytest.raises(ConfigError, match="refused: not_found"):
        _pull(_Forge(error=ForgeError("not_found", permanent=True)))


def test_a_commit_is_of_a_pull_request_only_when_there_is_no_doubt() -> None:
    assert _pull(_Forge(PULL, structs.replace(PULL, number=8, merged_at=None)), None) == PULL
    assert _pull(_Forge(PULL, structs.replace(PULL, number=8)), None) is None
    assert _pull(_Forge(error=ForgeError("not_found", permanent=True)), None) is None


def test_whose_pull_requests_are_in_a_release() -> None:
    release = structs.replace(MERGED, pulls=(7,))
    assert members(cast(Forge, _Forge(PULL)), release) == (Member(pull=7, author="kim"),)
    assert members(cast(Forge, _Forge(error=ForgeError("timeout"))), release) == (Member(pull=7),)
    assert members(None, release) == ()


def test_what_an_earlier_machine_has_shown() -> None:
    assert trace_of(cast(Forge, _Forge()), MERGED) == Trace(attempt=3)
    assert trace_of(cast(Forge, _Forge(error=ForgeError("timeout"))), MERGED) is None
    assert trace_of(None, MERGED) is None


def test_the_token_of_a_job_starts_no_workflow() -> None:
    assert starts_nothing(("GITHUB_TOKEN",), {"GITHUB_ACTIONS": "true"})
    assert not starts_nothing(("GITHUB_TOKEN",), {})
    assert not starts_nothing(("BOT_TOKEN", ""), {"GITHUB_ACTIONS": "true"})
