"""Runs git so that a hostile repository, a hostile configuration and a lost network can do nothing but fail.

The repository is a bare private mirror: there is no work tree, so neither filters nor hooks have anything to run
on, and no configuration but our own is read, so no driver that a repository names exists.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bakewatch.errors import ConfigError, RepositoryError

TIMEOUT = 120.0
"""Seconds of the clock for one git command."""

_OLDEST = (2, 38)
"""`git merge-tree --write-tree` is needed."""

_OLD_FLAWS = (
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badTimezone",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
)
"""What old tools wrote and nobody can mend any more: about people, times and padding. It misleads nobody, unlike a
wrong path, an entry that points to nothing (`nullSha1`) or a missing part, which stay refused."""

_FULL = (b"No space left on device", b"Disk quota exceeded")
"""What is said of a full disk, here or there, which passes."""

_SAFE = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.ssh.allow=always",
    "http.followRedirects=false",
    "submodule.recurse=false",
    "fetch.fsckObjects=true",
    "log.showSignature=false",
    *(f"fetch.fsck.{flaw}=warn" for flaw in _OLD_FLAWS),
)
_PASSED_ON = ("PATH", "HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "GIT_SSL_CAINFO", "TMPDIR")
_TOKEN = "BAKEWATCH_GIT_TOKEN"
_ASKPASS = f"""#!/bin/sh
case "$1" in
  Username*) echo x-access-token ;;
  *) printenv {_TOKEN} ;;
esac
"""


@dataclass(frozen=True)
class Done:
    """How a git command ended."""

    code: int
    out: str
    err: str
    """Never stored or shown: it may carry anything."""


class Git:
    """git on the bare repository *folder*, which need not exist yet."""

    def __init__(self, folder: Path, environ: Mapping[str, str], token: str = "", timeout: float = TIMEOUT) -> None:
        self.folder, self._timeout = folder, timeout
        self._environ = {name: environ[name] for name in _PASSED_ON if name in environ} | {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
        }
        self._token = token

    def create(self) -> None:
        """Make the empty repository unless it is there. `ConfigError` when git is missing or too old."""
        if (self.folder / "HEAD").exists():
            return
        self._check_version()
        self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(dir=self.folder.parent, prefix=".mirror-") as name:
            fresh = Path(name) / self.folder.name
            if self._run(["git", "init", "-q", "--bare", str(fresh)], {}).code:
                raise RepositoryError("mirror", permanent=True)
            # Another process may just have made it.
            with suppress(OSError):
                fresh.rename(self.folder)
        if not (self.folder / "HEAD").exists():
            raise RepositoryError("mirror", permanent=True)

    def ask(self, *words: str, extra: dict[str, str] | None = None, remote: bool = False) -> Done:
        """Run `git WORDS`; *remote* commands get the token."""
        options = [part for option in _SAFE for part in ("-c", option)]
        environ = dict(extra or {})
        if remote and self._token:
            askpass = self.folder / "askpass"
            if not askpass.exists():
                askpass.write_text(_ASKPASS)
                askpass.chmod(0o700)
            environ |= {"GIT_ASKPASS": str(askpass), _TOKEN: self._token}
        return self._run(["git", "--git-dir", str(self.folder), *options, *words], environ)

    def tell(self, *words: str, extra: dict[str, str] | None = None) -> str:
        """What `git WORDS` prints, stripped; `RepositoryError` when it fails."""
        done = self.ask(*words, extra=extra)
        if done.code:
            raise RepositoryError(f"git_{words[0].replace('-', '_')}", permanent=True)
        return done.out.strip()

    def _run(self, argv: Sequence[str], extra: dict[str, str]) -> Done:
        try:
            process = subprocess.Popen(
                argv,
                env=self._environ | extra,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError:
            raise RepositoryError("git_missing") from None
        try:
            out, err = process.communicate(timeout=self._timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise RepositoryError("timeout") from None
        if process.returncode and any(words in err for words in _FULL):
            raise RepositoryError("no_space")
        return Done(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def _check_version(self) -> None:
        try:
            words = self._run(["git", "--version"], {}).out.split()
        except RepositoryError:
            raise ConfigError("git is not installed", right="git 2.38 or newer on the PATH") from None
        version = tuple(int(part) for part in words[2].split(".")[:2] if part.isdigit())
        if version < _OLDEST:
            raise ConfigError(f"git {words[2]} is too old", right="git 2.38 or newer")
