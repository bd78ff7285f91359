"""What a folder with somebody's code shows of how it is built and run."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from bakewatch.draft.frameworks import FRAMEWORKS, Framework

_FOLDERS = (".", "*", "apps/*", "packages/*")
"""Where a part of it may lie: at the root, or one level below the usual folders of a monorepo."""
_REF = re.compile(r"[a-z]{20}")
_GITHUB = re.compile(r"(?:https://|ssh://git@|git@)github\.com[/:]([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?")


class Vercel(Struct, frozen=True):
    """A project at Vercel that a folder is linked to."""

    project: str
    team: str
    where: str

    @property
    def folder(self) -> str:
        """The folder that is linked."""
        return PurePosixPath(self.where).parent.parent.as_posix()


class Supabase(Struct, frozen=True):
    """A project at Supabase; *ref*: its 20 letters, empty when only the local name is known."""

    ref: str
    where: str


class Code(Struct, frozen=True):
    """What a web application is written in, and the folder that it lies in."""

    framework: Framework
    folder: str


class Found(Struct, frozen=True, kw_only=True):
    """Everything that a first plan is written of."""

    name: str
    """Of the service."""
    remote: str = ""
    """URL or path without credentials; empty: there is none."""
    branch: str = "main"
    plan: str = "bakewatch.toml"
    """Where the plan is to lie in the repository."""
    address: str = ""
    """Of production; empty: nobody said."""
    vercel: Vercel | None = None
    supabase: Supabase | None = None
    code: Code | None = None
    others: tuple[str, ...] = ()
    """Files of further projects, which the plan says nothing about."""

    @property
    def github(self) -> str:
        """`owner/name` of a repository at GitHub; empty for any other."""
        found = _GITHUB.fullmatch(self.remote)
        return found[1] if found else ""


def look(root: Path, **known: str) -> Found:
    """What the files below *root* show; *known*: further fields of `Found`."""
    supabases, codes = list(_supabases(root)), list(_codes(root))
    folders = [one.folder for one in codes]
    # What is linked and is a web application is more likely to be production than what is only linked.
    vercels = sorted(_vercels(root), key=lambda one: one.folder not in folders)
    others = [one.where for one in vercels[1:]] + [one.where for one in supabases[1:]]
    linked = vercels[0].folder if vercels else None
    return Found(
        vercel=next(iter(vercels), None),
        supabase=next(iter(supabases), None),
        code=next((one for one in codes if one.folder == linked), codes[0] if codes else None),
        others=tuple(others),
        **known,
    )


def _folders(root: Path) -> Iterator[Path]:
    for pattern in _FOLDERS:
        for folder in [root] if pattern == "." else sorted(root.glob(pattern)):
            hidden = folder.name.startswith(".") or folder.name == "node_modules"
            if folder == root or (folder.is_dir() and not hidden):
                yield folder


def _vercels(root: Path) -> Iterator[Vercel]:
    for folder in _folders(root):
        told = _json(folder / ".vercel" / "project.json")
        project, team = told.get("projectId"), told.get("orgId")
        if isinstance(project, str) and project:
            named = team if isinstance(team, str) and team.startswith("team_") else ""
            yield Vercel(project, named, _inside(root, folder / ".vercel" / "project.json"))


def _supabases(root: Path) -> Iterator[Supabase]:
    for folder in _folders(root):
        config, link = folder / "supabase" / "config.toml", folder / "supabase" / ".temp" / "project-ref"
        linked = _text(link).strip()
        named = _toml(config).get("project_id")
        if _REF.fullmatch(linked):
            yield Supabase(linked, _inside(root, link))
        elif isinstance(named, str):
            yield Supabase(named if _REF.fullmatch(named) else "", _inside(root, config))


def _codes(root: Path) -> Iterator[Code]:
    for folder in _folders(root):
        told = _json(folder / "package.json")
        packages = {name for key in ("dependencies", "devDependencies") for name in _keys(told.get(key))}
        for one in FRAMEWORKS:
            if one.package in packages and (not one.sign or any((folder / sign).is_dir() for sign in one.sign)):
                yield Code(one, _inside(root, folder))
                break


def _inside(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _keys(table: Any) -> list[str]:
    return list(table) if isinstance(table, dict) else []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}
