"""The text of a first plan."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from bakewatch.config import load
from bakewatch.draft.found import Code, Found, Supabase, Vercel
from bakewatch.draft.frameworks import FRAMEWORKS
from bakewatch.draft.needs import needs
from bakewatch.draft.plan import FILL_IN, text

REF = "abcdefghijklmnopqrst"
NOTHING = Found(name="shop")
ALL = Found(
    name="shop",
    remote="git@github.com:acme/shop.git",
    address="https://shop.example",
    vercel=Vercel("prj_1", "team_1", ".vercel/project.json"),
    supabase=Supabase(REF, "supabase/.temp/project-ref"),
    code=Code(FRAMEWORKS[0], "."),
)


def test_of_nothing_comes_a_plan_with_two_lines_to_fill_in(tmp_path: Path) -> None:
    path = tmp_path / "bakewatch.toml"
    path.write_text(text(NOTHING))
    settings, plan = load(path)
    assert (plan.service.name, plan.undo.mode.value, [one.name for one in plan.journeys]) == (
        "shop",
        "ask",
        ["front-page"],
    )
    assert (settings.hosting, settings.forge, settings.sources) == ({}, {}, {})
    marked = [line.partition(" =")[0] for line in text(NOTHING).splitlines() if f"# {FILL_IN}:" in line]
    assert marked == ["remote", "addresses"]


def test_what_was_found_stands_in_its_table() -> None:
    tables = tomllib.loads(text(ALL))
    assert tables["hosting"] == {
        "kind": "vercel",
        "project": "prj_1",
        "team": "team_1",
        "token_env": "VERCEL_TOKEN",
    }
    assert tables["forge"]["kind"] == "github"
    assert tables["repository"] == {
        "remote": "https://github.com/acme/shop.git",
        "branch": "main",
        "token_env": "GITHUB_TOKEN",
    }
    assert tables["sources"]["supabase"]["project"] == tables["canaries"][0]["project"] == REF
    assert tables["packs"] == [{"pack": "supabase", "source": "supabase"}]
    assert tables["platform"]["addresses"] == ["https://shop.example"]
    assert f"# {FILL_IN}:" not in text(ALL)


def test_a_project_that_is_not_linked_is_to_be_filled_in_at_both_places() -> None:
    found = msgspec.structs.replace(ALL, supabase=Supabase("", "supabase/config.toml"))
    marked = [line for line in text(found).splitlines() if FILL_IN in line and line.startswith("project")]
    assert len(marked) == 2
    assert tomllib.loads(text(found))["canaries"][0]["project"] == "a" * 20


def test_names_with_quotes_and_other_scripts_stay_one_value() -> None:
    found = msgspec.structs.replace(NOTHING, name='행사 "live"\\', remote="/tmp/a b\n/remote.git", branch='re"lease')
    tables = tomllib.loads(text(found))
    assert (tables["service"]["name"], tables["repository"]["branch"]) == ('행사 "live"\\', 're"lease')
    assert tables["repository"]["remote"] == "/tmp/a b\n/remote.git"


NASTY = 'web\n[notify]\nkind = "command"\r\u2028x\x1b[2J\x7f\x9b\udc80\U0001f600"""\\'


def test_no_name_of_a_folder_or_a_project_becomes_a_line_of_its_own(tmp_path: Path) -> None:
    found = Found(
        name=NASTY,
        remote=NASTY,
        branch=NASTY,
        plan=f"{NASTY}/bakewatch.toml",
        address=NASTY,
        vercel=Vercel(NASTY, f"team_{NASTY}", f"{NASTY}/.vercel/project.json"),
        supabase=Supabase(REF, f"{NASTY}/supabase/config.toml"),
        code=Code(FRAMEWORKS[0], NASTY),
        others=(f"{NASTY}/supabase/config.toml",),
    )
    path = tmp_path / "bakewatch.toml"
    path.write_text(text(found))
    tables = tomllib.loads(path.read_text())
    assert set(tables) == set(tomllib.loads(text(ALL))) - {"forge"}
    told = NASTY.replace("\udc80", "\N{REPLACEMENT CHARACTER}")
    assert (tables["service"]["name"], tables["hosting"]["project"]) == (told, told)
    assert not {"\x1b", "\x9b", "\x7f", "\u2028", "\r"} & set(path.read_text())


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda one: one.name)
@pytest.mark.parametrize("linked", [True, False])
def test_the_lines_for_the_version_are_only_offered_and_name_real_variables(framework: object, linked: bool) -> None:
    found = msgspec.structs.replace(ALL, code=Code(framework, "apps/web"), vercel=ALL.vercel if linked else None)  # type: ignore[arg-type]
    told = text(found)
    assert ("VERCEL_GIT_COMMIT_SHA" in told, "COMMIT_SHA" in told) == (linked, True)
    assert f"in apps/web/{framework.file}" in told  # type: ignore[attr-defined]
    assert tomllib.loads(told)["platform"]["path"] == framework.path  # type: ignore[attr-defined]
    assert "env.COMMIT," not in told and "DEPLOYMENT }" not in told.replace("VERCEL_DEPLOYMENT", "")


def test_each_token_is_asked_for_with_its_exact_scopes() -> None:
    told = {one.variable: " ".join(one.scopes) for one in needs(ALL)}
    assert list(told) == ["GITHUB_TOKEN", "VERCEL_TOKEN", "SUPABASE_ACCESS_TOKEN", "SUPABASE_PUBLISHABLE_KEY"]
    for scope in (
        "Metadata: read",
        "Contents: read and write",
        "Pull requests: read and write",
        "Commit statuses: read",
    ):
        assert scope in told["GITHUB_TOKEN"]
    for scope in ("projects_read", "analytics_logs_read", "database_read"):
        assert scope in told["SUPABASE_ACCESS_TOKEN"]
    assert needs(NOTHING) == ()


def test_every_line_fits_and_every_variable_of_the_plan_is_in_the_checklist() -> None:
    for found in (ALL, NOTHING):
        assert [line for line in text(found).splitlines() if len(line) > 140] == []
        named = {
            word.strip('"') for line in text(found).splitlines() if "_env = " in line for word in line.split()[2:3]
        }
        assert named == {one.variable for one in needs(found)}
