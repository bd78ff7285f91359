"""A private bare mirror of the repository behind production."""

import fcntl
import re
import tarfile
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bakewatch.address import require_safe
from bakewatch.errors import ConfigError, RepositoryError
from bakewatch.ports import Context, Remote
from bakewatch.vendors.git.run import Git

_KEPT = ("refs/pull/{}/head", "refs/merge-requests/{}/head")
"""Where hosting services keep the head of a pull request."""


class Mirror:
    """What the remote has, as of the last fetch; other people's branches are never written to."""

    def __init__(self, remote: Remote, data: Path, environ: Mapping[str, str]) -> None:
        self.remote = remote
        _check_url(remote.url)
        token = ""
        if remote.token_env:
            token = environ.get(remote.token_env, "")
            if not token:
                raise ConfigError(
                    f"the environment variable {remote.token_env} is not set", where="repository.token_env"
                )
        self.git = Git(data / "mirror.git", environ, token)

    @property
    def name(self) -> str:
        """`owner/name`, as configured or taken from the address."""
        if self.remote.name:
            return self.remote.name
        path = self.remote.url if "://" not in self.remote.url else urlsplit(self.remote.url).path
        parts = [part for part in re.split(r"[/:]", path.removesuffix("/").removesuffix(".git")) if part]
        local = "://" not in self.remote.url and "@" not in self.remote.url
        return parts[-1] if local or len(parts) < 2 else "/".join(parts[-2:])

    @property
    def branch(self) -> str:
        """The production branch as the mirror knows it."""
        return f"refs/remotes/origin/{self.remote.branch}"

    def fetch(self) -> str:
        """Bring everything up to date; returns the tip. `RepositoryError` when the remote cannot be had."""
        self.git.create()
        self._fetch("--prune", "+refs/heads/*:refs/remotes/origin/*")
        tip = self.resolve(self.branch)
        if not tip:
            raise RepositoryError("no_branch", permanent=True)
        return tip

    def pull_head(self, number: int) -> str | None:
        """The head of a pull request: empty when the remote has none of this number, None when it keeps none at all."""
        told = self.git.ask("ls-remote", "--refs", self.remote.url, *(form.format("*") for form in _KEPT), remote=True)
        if told.code:
            raise RepositoryError("unreachable")
        there = {line.partition("\t")[2] for line in told.out.splitlines()}
        if not there:
            return None
        kept = f"refs/bakewatch/pull/{number}"
        for reference in (form.format(number) for form in _KEPT):
            if reference in there:
                self._fetch(f"+{reference}:{kept}")
                return self.resolve(kept)
        return ""

    def _fetch(self, *words: str) -> None:
        """Fetch by the options and the reference in *words*; two at once would take each other's locks for trouble."""
        *options, reference = words
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head")
        with (self.git.folder / "fetch.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            done = self.git.ask("fetch", *quiet, *options, self.remote.url, reference, remote=True)
        if done.code:
            # Neither is permanent: who pushed a bad object can take it away again.
            raise RepositoryError("bad_objects" if "fsck error in pack" in done.err else "unreachable")

    def resolve(self, name: str) -> str:
        """The commit that *name* means; empty when there is none or it is ambiguous."""
        done = self.git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return done.out.strip() if done.code == 0 else ""

    def contains(self, head: str, commit: str) -> bool:
        """Is *commit* an ancestor of *head*, or *head* itself?"""
        found, wanted = self.resolve(head), self.resolve(commit)
        return bool(found and wanted) and self.git.ask("merge-base", "--is-ancestor", wanted, found).code == 0

    def read(self, commit: str, path: str) -> bytes | None:
        """The file at *path* in *commit*; None when nothing is there.

        `RepositoryError` when something is there that is no plain file, on the way to it too, or cannot be read.
        """
        steps = [*accumulate(PurePosixPath(path).parts, "{}/{}".format)]
        for step in steps:
            entry = self.git.tell("ls-tree", commit, "--", step)
            if not entry:
                return None
            if not entry.startswith("100" if step == steps[-1] else "040"):
                raise RepositoryError("not_a_file", permanent=True)
        done = self.git.ask("cat-file", "blob", f"{commit}:{steps[-1]}")
        if done.code:
            raise RepositoryError("unreadable", permanent=True)
        return done.out.encode()

    def export(self, commit: str, path: str, folder: Path) -> None:
        """Write everything under *path* of *commit* into *folder*, files only.

        Each appears whole: what is there already may be read meanwhile, or written by another process.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".export-") as name:
            archive, fresh = Path(name) / "tar", Path(name) / "files"
            self.git.tell("archive", "--format=tar", "-o", str(archive), commit, "--", path)
            with tarfile.open(archive) as packed:
                for member in packed.getmembers():
                    if member.isfile() and ".." not in PurePosixPath(member.name).parts:
                        packed.extract(member, fresh, filter="data")
                        (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
                        (fresh / member.name).replace(folder / member.name)


def mirror_of(context: Context) -> Mirror:
    """The mirror in the data directory of *context*."""
    return Mirror(context.remote, context.data, context.environ)


def _check_url(url: str) -> None:
    """A path, `user@host:path`, or an address that is safe."""
    if url.startswith("-") or "::" in url:
        raise ConfigError("no address of a repository", where="repository.remote", right="https, ssh or a path")
    if "://" in url:
        try:
            require_safe(url, "ssh", "file")
        except ConfigError as error:
            raise ConfigError(error.what, where="repository.remote", right=error.right) from None
