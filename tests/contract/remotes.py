"""Real git remotes for tests."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
"""That a mirror is given."""

_ENVIRON = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Team",
    "GIT_AUTHOR_EMAIL": "team@team.example",
    "GIT_COMMITTER_NAME": "Team",
    "GIT_COMMITTER_EMAIL": "team@team.example",
}


@dataclass
class Team:
    """A bare remote and a clone in which a team works."""

    folder: Path

    @property
    def remote(self) -> Path:
        return self.folder / "team" / "live.git"

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    def start(self) -> "Team":
        """Make both, with one healthy commit."""
        self.remote.mkdir(parents=True)
        self.git("init", "-q", "--bare", "-b", "main", ".", cwd=self.remote)
        self.git("clone", "-q", str(self.remote), str(self.clone), cwd=self.folder)
        self.git("checkout", "-q", "-B", "main")
        self.commit("base", {"app.txt": "one\ntwo\nthree\n", "bakewatch.toml": "x = 1\n"})
        self.push()
        return self

    def git(self, *words: str, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", *words], cwd=cwd or self.clone, env=_ENVIRON, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message: str, files: dict[str, str]) -> str:
        for name, text in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self) -> None:
        self.git("push", "-q", "origin", "HEAD:main")

    def pull(self) -> None:
        self.git("fetch", "-q", "origin")
        self.git("reset", "-q", "--hard", "origin/main")

    def merge(self, number: int, files: dict[str, str], title: str = "A change") -> str:
        """Merge a pull request with a merge commit, pushed."""
        self.git("checkout", "-q", "-B", f"pr-{number}")
        self.commit(f"work on {number}", files)
        self.git("checkout", "-q", "main")
        subject = f"Merge pull request #{number} from team/pr-{number}"
        self.git("merge", "-q", "--no-ff", "-m", f"{subject}\n\n{title}", f"pr-{number}")
        self.push()
        return self.git("rev-parse", "HEAD")

    def log(self) -> list[str]:
        """Subjects on the remote's main, newest first."""
        return self.git("log", "--first-parent", "--format=%s", "main", cwd=self.remote).splitlines()

    def show(self, path: str) -> str:
        return self.git("show", f"main:{path}", cwd=self.remote)

    def hook(self, name: str, script: str) -> None:
        """Install a hook in the remote."""
        path = self.remote / "hooks" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def keep_pull(self, number: int, commit: str = "HEAD", form: str = "refs/pull/{}/head") -> None:
        """Keep *commit* as the head of a pull request, as hosting services do."""
        self.git("push", "-q", "-f", "origin", f"{commit}:{form.format(number)}")
