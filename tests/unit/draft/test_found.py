"""What files show of how a service is built and run."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bakewatch.draft.found import Found, Supabase, Vercel, look

REF = "abcdefghijklmnopqrst"


def _put(root: Path, files: Mapping[str, object]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))


def _framework(root: Path) -> str:
    found = look(root, name="x").code
    return f"{found.framework.name} in {found.folder}" if found else ""


def test_an_empty_folder_shows_nothing(tmp_path: Path) -> None:
    assert look(tmp_path, name="x") == Found(name="x")


def test_what_the_command_lines_of_both_vendors_left_there_is_found(tmp_path: Path) -> None:
    link = {"projectId": "prj_1", "orgId": "team_1"}
    _put(tmp_path, {".vercel/project.json": link, "supabase/.temp/project-ref": REF, "supabase/config.toml": ""})
    found = look(tmp_path, name="x")
    assert found.vercel == Vercel("prj_1", "team_1", ".vercel/project.json")
    assert found.supabase == Supabase(REF, "supabase/.temp/project-ref")


def test_a_personal_account_is_no_team(tmp_path: Path) -> None:
    _put(tmp_path, {".vercel/project.json": {"projectId": "prj_1", "orgId": "aBcDeF"}})
    assert look(tmp_path, name="x").vercel == Vercel("prj_1", "", ".vercel/project.json")


@pytest.mark.parametrize(("named", "ref"), [(REF, REF), ("shop", ""), ("Abcdefghijklmnopqrst", "")])
def test_the_local_name_of_a_project_is_not_taken_for_its_20_letters(tmp_path: Path, named: str, ref: str) -> None:
    _put(tmp_path, {"supabase/config.toml": f'project_id = "{named}"\n[api]\nport = 1\n'})
    assert look(tmp_path, name="x").supabase == Supabase(ref, "supabase/config.toml")


def test_broken_files_are_as_good_as_none(tmp_path: Path) -> None:
    bad = {".vercel/project.json": "{", "supabase/config.toml": "project_id =", "package.json": "[1]"}
    _put(tmp_path, bad)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_bytes(b"\xff\xfe")
    assert look(tmp_path, name="x") == Found(name="x")


@pytest.mark.parametrize(
    ("package", "folder", "name"),
    [
        ("next", "src/app", "Next.js (app router)"),
        ("next", "pages", "Next.js (pages router)"),
        ("nuxt", "pages", "Nuxt"),
        ("@sveltejs/kit", "src", "SvelteKit"),
        ("@remix-run/react", "app", "Remix"),
        ("@react-router/dev", "app", "React Router"),
        ("astro", "src", "Astro"),
        ("left-pad", "src", ""),
    ],
)
def test_the_framework_is_known_by_its_package(tmp_path: Path, package: str, folder: str, name: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    _put(tmp_path, {"package.json": {"dependencies": {package: "1"}, "devDependencies": {"typescript": "5"}}})
    assert _framework(tmp_path) == (f"{name} in ." if name else "")


def test_who_brings_vite_along_is_not_a_static_site(tmp_path: Path) -> None:
    _put(tmp_path, {"package.json": {"dependencies": {"astro": "5"}, "devDependencies": {"vite": "7"}}})
    assert _framework(tmp_path) == "Astro in ."
    _put(tmp_path, {"package.json": {"devDependencies": {"vite": "7"}}})
    assert _framework(tmp_path) == "Vite (a static site) in ."


def test_the_parts_of_a_monorepo_are_found_and_what_is_linked_comes_first(tmp_path: Path) -> None:
    files = {
        "apps/docs/package.json": {"dependencies": {"astro": "5"}},
        "apps/web/package.json": {"dependencies": {"nuxt": "4"}},
        "apps/web/.vercel/project.json": {"projectId": "prj_web", "orgId": "team_1"},
        "services/.vercel/project.json": {"projectId": "prj_api", "orgId": "team_1"},
        "node_modules/next/package.json": {"dependencies": {"next": "16"}},
        "database/supabase/config.toml": f'project_id = "{REF}"',
    }
    _put(tmp_path, files)
    found = look(tmp_path, name="x")
    assert found.vercel == Vercel("prj_web", "team_1", "apps/web/.vercel/project.json")
    assert (_framework(tmp_path), found.others) == ("Nuxt in apps/web", ("services/.vercel/project.json",))
    assert found.supabase == Supabase(REF, "database/supabase/config.toml")


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/acme/shop.git",
        "https://github.com/acme/shop",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com/acme/shop.git",
    ],
)
def test_a_repository_at_github_is_known_by_its_remote(remote: str) -> None:
    assert Found(name="x", remote=remote).github == "acme/shop"


@pytest.mark.parametrize(
    "remote", ["https://gitlab.example/acme/shop.git", "../shop.git", "", "https://github.com/acme"]
)
def test_any_other_is_not(remote: str) -> None:
    assert Found(name="x", remote=remote).github == ""
