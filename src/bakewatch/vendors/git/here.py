"""The repository that somebody stands in: its root, its remote, its branch. Nothing is fetched."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from bakewatch.errors import ConfigError

TIMEOUT = 10.0
"""Seconds of the clock for one question."""


class Here(Struct, frozen=True):
    """A working copy."""

    root: Path
    remote: str
    """Without credentials; empty: it has none."""
    branch: str


def here(folder: Path, environ: Mapping[str, str] = os.environ) -> Here:
    """What git says of *folder*. `ConfigError` outside a repository, or without git."""
    root = _ask(folder, environ, "rev-parse", "--show-toplevel")
    if not root:
        raise ConfigError("no git repository", where=str(folder), right="the folder of one, or `git init`")
    names = _ask(folder, environ, "remote").split()
    name = "origin" if "origin" in names else next(iter(names), "")
    return Here(
        root=Path(root),
        remote=_bare(_ask(folder, environ, "remote", "get-url", name)) if name else "",
        branch=_branch(folder, environ, name),
    )


def _branch(folder: Path, environ: Mapping[str, str], remote: str) -> str:
    """The remote's own, as far as it was fetched; else the usual one that is there; else the present one."""
    places = ["refs/heads/", *([f"refs/remotes/{remote}/"] if remote else [])]
    head = _ask(folder, environ, "symbolic-ref", "--quiet", f"{places[-1]}HEAD") if remote else ""
    if head:
        return head.removeprefix(places[-1])
    there = _ask(folder, environ, "for-each-ref", "--format=%(refname)", *places).splitlines()
    usual = next((one for one in ("main", "master") if any(f"{place}{one}" in there for place in places)), "")
    return usual or _ask(folder, environ, "symbolic-ref", "--quiet", "HEAD").removeprefix(places[0]) or "main"


def _bare(url: str) -> str:
    """*url* without what may be a token in it: a name, unless it is that of a key, and any password."""
    scheme, there, rest = url.partition("://")
    if not there:
        # `user:password@host` is none of git's forms: it is not told rather than guessed at.
        return "" if re.match(r"[^/]+:[^/]*@", url) else url
    authority, slash, path = rest.partition("/")
    user, _, host = authority.rpartition("@")
    key = user.partition(":")[0] if scheme.lower() == "ssh" else ""
    return f"{scheme}://{key}{'@' if key else ''}{host}{slash}{path}"


def _ask(folder: Path, environ: Mapping[str, str], *words: str) -> str:
    """What `git WORDS` prints in *folder*; empty when it fails."""
    env = {**environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, timeout=TIMEOUT, check=False)
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError("git is not installed, or there is no such folder", where=str(folder)) from None
    except subprocess.TimeoutExpired:
        raise ConfigError("git does not answer", where=str(folder)) from None
    return os.fsdecode(done.stdout).removesuffix("\n") if done.returncode == 0 else ""
